"""docs/manifest.schema.json says to editors what manifests/schema.c says to the program, and every
example obeys it. The schema is walked with the few keywords that it uses; an unknown one fails."""

import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(sys.argv[1])
SCHEMA = json.loads((ROOT / "docs/manifest.schema.json").read_text())
TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "integer": int,
         "number": (int, float), "boolean": bool}
KNOWN = {"$schema", "title", "description", "definitions", "type", "additionalProperties", "required",
         "properties", "enum", "anyOf", "allOf", "$ref", "items", "minItems", "maxItems",
         "uniqueItems", "minLength", "maxLength", "pattern", "patternProperties", "minimum", "maximum", "exclusiveMinimum",
         "not", "dependencies", "propertyNames", "default", "examples"}  # the last two are for editors


def tables():
    """Section -> keys, as schema.c lists them."""
    source = (ROOT / "manifests/schema.c").read_text()
    choice = source.split("#define CHOICE_KEYS")[1].split("static const")[0]
    keys = lambda text: re.findall(r'\{\s*\\?\s*"(\w+)",\s*KEY_', text)
    found = {}
    for name, body in re.findall(r"struct key_rule (\w+)_keys\[\] = \{(.*?)\n?\};", source, re.S):
        found[name] = set(keys(body)) | (set(keys(choice)) if "CHOICE_KEYS" in body else set())
    return found


def faults(value, schema, path="manifest"):
    for unknown in set(schema) - KNOWN:
        yield f"{path}: the schema has {unknown}, which this test does not know"
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].split("/")[-1]]
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, TYPES[t]) for t in types):
        yield f"{path}: {value!r} is no {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    for part in schema.get("allOf", []):
        yield from faults(value, part, path)
    if "anyOf" in schema and all(list(faults(value, part, path)) for part in schema["anyOf"]):
        yield f"{path}: {value!r} fits nothing"
    if "not" in schema and not list(faults(value, schema["not"], path)):
        yield f"{path}: {value!r} fits what is excluded"
    if isinstance(value, dict) and "object" in types:
        yield from (f"{path}: {key} without {other}" for key, others in schema.get("dependencies", {}).items() if key in value
                    for other in others if other not in value)
        for key in value:
            yield from faults(key, schema.get("propertyNames", {}), f"{path}: the name {key!r}")
        yield from (f"{path}: {key} is missing" for key in schema.get("required", []) if key not in value)
        for key, member in value.items():
            if any(re.search(p, key) for p in schema.get("patternProperties", {})):
                continue
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
            if inner is False:
                yield f"{path}: {key} is unknown"
            elif inner is not True:
                yield from faults(member, inner, f"{path}.{key}")
    if isinstance(value, list) and "array" in types:
        for i, member in enumerate(value):
            yield from faults(member, schema["items"], f"{path}[{i}]")


def hints(schema, path="manifest"):
    """(path, schema, value) of every default and example."""
    for value in ([schema["default"]] if "default" in schema else []) + schema.get("examples", []):
        yield path, schema, value
    for name in ("properties", "definitions"):
        for key, inner in schema.get(name, {}).items():
            yield from hints(inner, f"{path}.{key}")


def names_schema(example):
    """Does its first line lead an editor to the schema?"""
    line = re.match(r"# yaml-language-server: \$schema=(\S+)\n", example.read_text())
    return line and (example.parent / line.group(1)).resolve() == (ROOT / "docs/manifest.schema.json").resolve()


def check(number, title, wrong):
    print(f"{'not ok' if wrong else 'ok'} {number} - {title}")
    for line in wrong:
        print(f"# {line}")
    return not wrong


def main():
    sections = {"top": SCHEMA, **{name: SCHEMA["definitions"][name]
                                  for name in ("account", "defaults", "identity", "owner", "dns", "top_dns", "publish",
                                               "route53", "rfc2136", "tsig", "cloudflare", "watch", "accounts_from", "organization")}}
    found = tables()
    wrong = [f"{name}: {sorted(found.get(name, set()) ^ set(s['properties']))}"
             for name, s in sections.items() if found.get(name) != set(s["properties"])]
    good = check(1, "the schema has the keys of the program", wrong)

    rules = re.findall(r'\[[A-Z_]+\] = \{"([a-z-]+)"', (ROOT / "engine/model/finding.c").read_text())
    accepted = SCHEMA["definitions"]["accept"]["items"]["enum"]
    good &= check(2, "the schema has the findings of the program", sorted(set(rules) ^ set(accepted)))

    examples = sorted((ROOT / "manifests/examples").rglob("*.yaml"))
    wrong = [f"{e.name}: {f}" for e in examples for f in faults(yaml.safe_load(e.read_text()), SCHEMA)]
    good &= check(3, f"all {len(examples)} examples obey the schema", wrong if examples else ["none"])

    planted = {"version": 1, "identites": [], "defaults": {"region": "mars"}}
    good &= check(4, "a planted fault is found", [] if len(list(faults(planted, SCHEMA))) == 2 else ["no"])

    found = list(hints(SCHEMA))
    wrong = [f for path, schema, value in found for f in faults(value, schema, path)]
    good &= check(5, f"all {len(found)} defaults and examples in the schema obey it", wrong if found else ["none"])
    dark = [f"{name}.{key}" for name, s in sections.items() for key, rule in s["properties"].items()
            if "description" not in {**SCHEMA["definitions"].get(rule.get("$ref", "").split("/")[-1], {}), **rule}]
    good &= check(6, "every key is described", dark)
    by_hand = [e for e in (ROOT / "manifests/examples").rglob("*.yaml") if e.name != "discovered.yaml"]
    good &= check(7, "every example written by hand names the schema to editors",
                  [e.name for e in by_hand if not names_schema(e)])
    return 0 if good else 1


sys.exit(main())
