#!/usr/bin/env python3
"""Converts published model prices into pricing/data/catalog.json.

usage: make-catalog.py PRICES.json [--crosscheck FILE.tsv] [--additions FILE.json]
                       [--simulated FILE.json] [--output FILE] [--report]

PRICES.json has the shape described by its own "semantics" head: models with
decimal strings of USD per million tokens and per unit. The result is the
catalog format of docs/prices.md, one model a line. Amounts are handled as
decimals throughout; what cannot be stated exactly is rounded up, never down.
--report lists on standard error what could not be converted, and why.
"""

import argparse
import fnmatch
import json
import re
import sys
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "pricing" / "data"

TOKEN_RATES = {
    "input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "image_input",
    "output", "reasoning", "audio_output", "image_output",
}
# Names that configurations use for a provider, beside the catalog's own.
SYNONYMS = {
    "anthropic": ["claude"],
    "azure": ["azure-openai", "azure_openai", "azureopenai", "azure_ai"],
    "bedrock": ["aws-bedrock", "aws_bedrock", "amazon-bedrock", "amazon_bedrock"],
    "fireworks": ["fireworks_ai", "fireworks-ai"],
    "google": ["gemini", "vertex", "vertexai", "vertex_ai", "vertex-ai", "google_genai", "google-ai"],
    "mistral": ["mistralai"],
    "moonshotai": ["moonshot", "kimi"],
    "ovhcloud": ["ovh"],
    "perplexity": ["pplx"],
    "together": ["together_ai", "together-ai", "togetherai"],
    "voyageai": ["voyage"],
    "xai": ["grok", "x.ai", "x_ai"],
}
report = []


def decimal_string(value, places):
    """The value with at most `places` decimals, rounded up."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING)
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def token_rates(where, per_million):
    rates = {}
    for key, value in per_million.items():
        if key in TOKEN_RATES:
            rates[key] = decimal_string(value, 6)
            if Decimal(rates[key]) != Decimal(value):
                report.append(f"{where}: {key} {value} rounded up to {rates[key]}")
        elif key.startswith("video_") and key.replace("video", "image") not in per_million:
            rates[key.replace("video", "image")] = decimal_string(value, 6)
        else:
            report.append(f"{where}: {key} {value} left out: usage has no such bucket")
    return rates


def unit_rates(where, per_unit):
    rates = {}
    for key, value in per_unit.items():
        if key == "audio_hour":
            rates["audio_second"] = decimal_string(Decimal(value) / 3600, 12)
        elif key == "request":
            rates["request"] = decimal_string(value, 12)
        elif key in ("search", "file_search"):
            # One bucket for both: the dearer rate is kept.
            known = rates.get("search_unit", "0")
            rates["search_unit"] = decimal_string(max(Decimal(value), Decimal(known)), 12)
        elif key != "input_audio_hour":  # the same hour as audio_hour, named again
            report.append(f"{where}: {key} {value} left out: usage has no such unit")
    return rates


def row_of(where, entry, source):
    """One dated price, or None where nothing that can be metered has a price."""
    rates = token_rates(where, entry.get("per_million") or {})
    units = unit_rates(where, entry.get("per_unit") or {})
    # Without a token rate, all that is charged must be something that can be
    # metered, or else part of the bill would silently be zero.
    metered = {"audio_hour", "input_audio_hour"}
    if not rates and not (units and set(entry["per_unit"]) <= metered):
        return None
    rates.update(units)
    row = {}
    if entry.get("effective"):
        row["from"] = entry["effective"]
    row["source"] = source
    row["rates"] = rates
    tiers = entry.get("tiers") or []
    if tiers:
        row["long_context"] = sorted(
            ({"above": t["above_input_tokens"], "rates": token_rates(where, t["per_million"])}
             for t in tiers), key=lambda t: t["above"])
    return row


def rows_of(model, source):
    where = f"{model['provider']}/{model['model']}"
    if not model.get("schedule") and not model["per_million"] and not model.get("per_unit"):
        # The source states no price at all. That is a price of zero only where
        # the name or the endpoint says so; otherwise the model stays unknown.
        if model["model"].endswith(":free") or model["model"] == "moderation":
            return [{"source": source, "rates": {"input": "0", "output": "0"}}]
        report.append(f"{where}: dropped: no price stated")
        return []
    rows = []
    for entry in model.get("schedule") or [model]:
        row = row_of(where, entry, source)
        if row is None:
            report.append(f"{where}: dropped: nothing stated that can be metered")
            continue
        rows.append(row)
        if entry.get("effective") != model["effective"]:
            continue
        # Service tiers and daily windows are known for the current row only.
        if model.get("service_tiers"):
            row["service_tiers"] = {
                tier: token_rates(f"{where} {tier}", rates)
                for tier, rates in model["service_tiers"].items()}
        for window in model.get("time_windows_utc") or []:
            variant = dict(row)
            variant["rates"] = dict(row["rates"], **token_rates(where, window["per_million"]))
            variant["utc"] = [window["start"][:5], window["end"][:5]]
            rows.append(variant)
    return rows


def patterns_of_regex(where, regex):
    """Families or names of a regular expression; '#' stands for one digit."""
    text = regex.removeprefix("^")
    closed = text.endswith("$")
    text = text.removesuffix("$")
    text = re.sub(r"\\d\{(\d+)\}", lambda m: "#" * int(m.group(1)), text)
    text = text.replace(r"\d", "#")
    text = re.sub(r"\\([.\[\]])", r"\1", text)
    if not regex.startswith("^") or re.search(r"[\\^$+?(){}|*]", text):
        report.append(f"{where}: regex {regex} left out")
        return []
    return [text if closed else text + "*"]


def patterns_of(where, tree):
    """(patterns, exact names) of a match tree."""
    (kind, value), = tree.items()
    if kind == "or":
        parts = [patterns_of(where, branch) for branch in value]
        return [p for a, _ in parts for p in a], [n for _, b in parts for n in b]
    if kind == "and":
        # The only conditions seen are exclusions of speech models by a negative
        # look-ahead; no family crosses into another product (docs/prices.md).
        kept = [branch for branch in value if not str(branch.get("regex", "")).startswith("^(?!")]
        if len(kept) != 1:
            report.append(f"{where}: match {json.dumps(tree)} left out")
            return [], []
        return patterns_of(where, kept[0])
    if kind == "equals":
        return [], [value]
    if kind == "starts_with":
        return [value + "*"], []
    if kind == "ends_with":
        return ["*" + value], [value]
    if kind == "contains":
        return ["*" + value + "*"], [value]
    if kind == "regex":
        found = patterns_of_regex(where, value)
        return [p for p in found if re.search(r"[*#]", p)], [p for p in found if not re.search(r"[*#]", p)]
    report.append(f"{where}: match {kind} left out")
    return [], []


def names_of(model):
    where = f"{model['provider']}/{model['model']}"
    aliases = list(model["aliases"])
    families = [prefix + "*" for prefix in model.get("alias_prefixes") or []]
    if model.get("match"):
        more, exact = patterns_of(where, model["match"])
        families += more
        aliases += exact
    if model["model"].startswith("regional."):
        aliases.append(model["model"].removeprefix("regional."))

    def unique(names):
        seen = {model["model"].lower()}
        return [n for n in (x.lower() for x in names) if not (n in seen or seen.add(n))]

    return unique(aliases), unique(families)


def hosts_of(provider):
    """Host globs ("host/path" where the path counts) of an api_pattern."""
    text = provider["api_pattern"]
    for ending in ("(?:/|$)", "(/|$)"):
        text = text.removesuffix(ending)
    text = text.replace("(https?://)?", "").removeprefix("https://")
    for run in ("[a-z0-9-]+", "[^/]+", "[^.]*"):
        text = text.replace(run, "%")  # any run of characters
    variants = [text]
    expanded = []
    while variants:
        text = variants.pop(0)
        optional = re.search(r"\((?!\?)((?:[^()])*)\)\?", text)
        group = re.search(r"\((?:\?:)?([^()]*\|[^()]*)\)(?!\?)", text)
        if optional:
            variants += [text.replace(optional.group(0), piece, 1) for piece in ("", optional.group(1))]
        elif group:
            variants += [text.replace(group.group(0), piece, 1) for piece in group.group(1).split("|")]
        else:
            expanded.append(text)
    hosts = []
    for text in expanded:
        host = text.replace(".*\\.", "%\\.").replace("\\.", ".").replace("%", "*")
        if host.endswith("."):
            host += "*"
        if re.search(r"[\\^$+?(){}|\[\]]", host):
            report.append(f"{provider['provider']}: api_pattern {provider['api_pattern']} left out")
        else:
            hosts.append(host)
    return sorted(set(hosts))


def verified_models(crosscheck):
    """Models that two or more sources price, with no disagreement."""
    if not crosscheck:
        return set()
    table, _, disputes = Path(crosscheck).read_text().partition("DISAGREEMENTS")
    disputed = {line.split(" ")[0] for line in disputes.splitlines() if line.strip()}
    agreed = set()
    for line in table.splitlines()[1:]:
        cells = line.split("\t")
        if len(cells) > 2 and any(c != "(absent)" for c in cells[2:]) and cells[0] not in disputed:
            agreed.add(cells[0])
    return agreed


def convert_model(model, sources, verified, additions):
    added = additions.get(f"{model['provider']}/{model['model']}")
    source_name = model["source"] + (f" + {added['source']}" if added else "")
    rows = rows_of(model, sources.setdefault(source_name, len(sources)))
    for row in rows if added else []:
        row["rates"] = dict(added["rates"], **row["rates"])
    if not rows:
        return None
    aliases, families = names_of(model)
    entry = {"model": model["model"]}
    if model.get("model_is_label"):
        entry["label"] = True
    if aliases:
        entry["aliases"] = aliases
    if families:
        entry["families"] = families
    for key in ("context_window", "max_output"):
        if model.get(key):
            entry[key] = model[key]
    # Claude and Nova write a cache entry only when the request asks for one;
    # others may do so unasked, and a hold has to reckon with it.
    if "claude" in model["model"] and model["provider"] in ("anthropic", "bedrock", "google"):
        entry["cache_on_request"] = True
    if f"{model['provider']}/{model['model']}" in verified:
        for row in rows:
            if row.get("from") == model["effective"] and "utc" not in row:
                row["verified"] = True
    entry["rows"] = rows
    return entry


def simulated_provider(path, providers, sources):
    """The built-in simulator's rows: its own, and copies of well-known ones."""
    wanted = json.loads(Path(path).read_text())
    source = sources.setdefault(wanted["source"], len(sources))
    taken = {}
    for model in wanted["models"]:
        taken[model["model"].lower()] = dict(model, rows=[{"source": source, "rates": model["rates"]}])
        del taken[model["model"].lower()]["rates"]
    for pattern in wanted["like"]:
        for provider in providers:
            for model in provider["models"]:
                if fnmatch.fnmatchcase(f"{provider['id']}/{model['model']}", pattern):
                    taken.setdefault(model["model"].lower(), model)
    return {"id": wanted["provider"], "name": wanted["name"], "models": list(taken.values())}


def write(catalog, path):
    head = {key: value for key, value in catalog.items() if key != "providers"}
    lines = [json.dumps(head, ensure_ascii=False)[:-1] + ', "providers": [']
    for i, provider in enumerate(catalog["providers"]):
        head = {key: value for key, value in provider.items() if key != "models"}
        lines.append(("," if i else "") + json.dumps(head, ensure_ascii=False)[:-1] + ', "models": [')
        models = [json.dumps(m, ensure_ascii=False, separators=(",", ":")) for m in provider["models"]]
        lines.append(",\n".join(models) + "]}")
    Path(path).write_text("\n".join(lines) + "\n]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("prices")
    parser.add_argument("--crosscheck")
    parser.add_argument("--additions", default=DATA / "additions.json")
    parser.add_argument("--simulated", default=DATA / "simulated.json")
    parser.add_argument("--output", default=DATA / "catalog.json")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()

    prices = json.loads(Path(arguments.prices).read_text())
    verified = verified_models(arguments.crosscheck)
    additions = json.loads(Path(arguments.additions).read_text())["models"]
    sources = {}
    providers = []
    for provider in prices["providers"]:
        entry = {"id": provider["provider"], "name": provider["name"], "hosts": hosts_of(provider)}
        names = SYNONYMS.get(provider["provider"], [])
        if provider["source_id"] != provider["provider"]:
            names = [provider["source_id"], *names]
        if names:
            entry["names"] = names
        models = (convert_model(m, sources, verified, additions) for m in prices["models"]
                  if m["provider"] == provider["provider"])
        entry["models"] = [m for m in models if m]
        providers.append(entry)
    providers.append(simulated_provider(arguments.simulated, providers, sources))
    write({"format": 1, "date": prices["date"], "licence": prices["licence"],
           "generated_from": prices["generated_from"], "sources": list(sources),
           "providers": providers}, arguments.output)
    if arguments.report:
        print("\n".join(report), file=sys.stderr)
    print(f"{sum(len(p['models']) for p in providers)} models of {len(providers)} providers, "
          f"{len(report)} remarks", file=sys.stderr)


if __name__ == "__main__":
    main()
