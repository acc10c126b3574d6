"""DynamoDB in another process that keeps nothing on disk."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import boto3

from functions.core.aws import client
from infra.local.resources.aws import Aws
from tests.local_system import eventually, free_port

REGION: Final = "eu-central-1"


@contextmanager
def emulator() -> Iterator[Aws]:
    """Start the emulator without any keeping of its state, and point this process at it."""
    port = free_port()
    ours = {"GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR", "MINISTACK_REGION": REGION, "SFTP_ENABLED": "0"}
    server = subprocess.Popen([sys.executable, "-m", "ministack"], env=os.environ | ours, stdout=subprocess.DEVNULL)
    there = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    before = dict(os.environ)
    os.environ |= there
    client.cache_clear()
    try:
        eventually(lambda: _is_listening(port), within=30)
        yield Aws(boto3.Session(), REGION, there["AWS_ENDPOINT_URL"])
    finally:
        server.terminate()
        server.wait(10)
        os.environ.clear()
        os.environ.update(before)
        client.cache_clear()


def _is_listening(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=1):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
