"""Record what the API server says to each variant: `python -m tests.cluster.broken`, with KUBECONFIG of a cluster."""

import json
import subprocess
import sys

import yaml

from tests.cluster import broken
from tests.cluster.broken import ask

kubectl = ["kubectl"]
version = json.loads(subprocess.check_output([*kubectl, "version", "-o", "json"]))
answers = {}
for variant, said in ask.answers(broken.variants(), kubectl):
    if variant.change:
        answers[variant.name] = said
    elif said:
        sys.exit(f"{variant.name} is sound, and was refused: {said}")
    print(f"\r{len(answers)} asked", end="", file=sys.stderr)
head = f"# What the API server {version['serverVersion']['gitVersion']} answered to each variant; empty: accepted. Written by `python -m tests.cluster.broken`.\n"
document = {"server": version["serverVersion"]["gitVersion"], "answers": answers}
broken.VERDICTS.write_text(
    head + yaml.safe_dump(document, width=10_000, allow_unicode=True, sort_keys=False), encoding="utf-8"
)
