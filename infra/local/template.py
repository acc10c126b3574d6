"""`template.yaml` as plain CloudFormation, and the values of its parameters on a desk."""

import copy
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
import yaml

from infra.local.errors import CannotRun

Definition = dict[str, Any]
Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@cache
def read_template(path: Path) -> Template:
    """Read a template as it is written."""
    template: Template = yaml.load(path.read_text(), _Loader)  # noqa: S506 (a safe loader)
    return template


def transform(template: Template, *, region: str) -> Template:
    """Replace SAM's resources by those of CloudFormation, offline."""
    # 0.9 s, which the fast tests do not need.
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415

    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    # SAM changes what it is given.
    translated: Template = translator.translate(copy.deepcopy(_without_code(template)), parameter_values={})
    return translated


def _without_code(template: Template) -> Template:
    # Code runs from the working tree; SAM only accepts a folder that was uploaded before.
    uploaded = "s3://unused/unused"
    resources: dict[str, Definition] = {}
    for name, definition in template["Resources"].items():
        properties = dict(definition.get("Properties") or {})
        for key in ("CodeUri", "ContentUri"):
            if key in properties:
                properties[key] = uploaded
        resources[name] = {**definition, **({"Properties": properties} if properties else {})}
    defaults = template.get("Globals", {})
    functions = {**defaults.get("Function", {}), "CodeUri": uploaded}
    return {**template, "Globals": {**defaults, "Function": functions}, "Resources": resources}


def parameter_values(template: Template, *, ours: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Choose each parameter: the variable of its name in upper case, else `ours`, else the template's default.

    Raises:
        CannotRun: a value is missing, or one that CloudFormation would refuse.
    """
    values: dict[str, str] = {}
    for name, definition in template.get("Parameters", {}).items():
        variable = variable_of(name)
        value = environ.get(variable) or ours.get(name) or definition.get("Default")
        if value is None:
            raise CannotRun(f"Set {variable}: {definition.get('Description', name)}.")
        values[name] = str(value)
        complaint = _complaint(definition, values[name])
        if complaint:
            shown = "" if definition.get("NoEcho") else f"={value}"
            raise CannotRun(f"{variable}{shown} {complaint}.")
    return values


def variable_of(parameter: str) -> str:
    """Return the environment variable that sets a parameter: KeySecret -> KEY_SECRET."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parameter).upper()


def _complaint(definition: Definition, value: str) -> str | None:
    allowed: Final = [str(option) for option in definition.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    if "AllowedPattern" in definition and not re.fullmatch(definition["AllowedPattern"], value):
        return str(definition.get("ConstraintDescription") or f"must match {definition['AllowedPattern']}")
    if not definition.get("MinLength", 0) <= len(value) <= definition.get("MaxLength", len(value)):
        return f"must have between {definition.get('MinLength', 0)} and {definition.get('MaxLength', '...')} characters"
    if definition["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            return "must be a number"
        if not definition.get("MinValue", number) <= number <= definition.get("MaxValue", number):
            return f"must lie between {definition.get('MinValue', '...')} and {definition.get('MaxValue', '...')}"
    return None
