"""`mela verify` beside other checkers of manifests, over a folder of checkouts.

    python -m benchmarks.compare CHECKOUTS [--only mela] [--sample 40 --seed 1] [--out findings.jsonl]

Each folder below CHECKOUTS is one system. `mela` reads the folder; the others get its manifests as files: YAML with
`apiVersion` and `kind` that is neither a kustomization nor a chart's template. Checkers that are not on the PATH are
left out. Printed are findings and seconds of CPU by checker, and with --sample that many findings of each, drawn at random, to
judge by hand.
"""

import argparse
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import kubernetes_validate

KUBERNETES = "1.36.0"
_MANIFEST = re.compile(rb"^apiVersion:.*?^kind:|^kind:.*?^apiVersion:", re.MULTILINE | re.DOTALL)
GRAVE_SCORE = 5
"""kube-score's grades go from 1, critical, over 5, a warning, to 10."""


@dataclass(frozen=True)
class Found:
    """One finding of one checker. `grave` is the checker's own word for it."""

    checker: str
    repository: str
    rule: str
    grave: str
    file: str
    line: int
    object: str
    says: str


Told = tuple[str, str, str, int, str, str]
"""Rule, grave, file, line, object, says."""


def files(folder: Path) -> list[str]:
    """The manifests of a checkout, relative to it."""
    charts = [chart.parent for chart in folder.rglob("Chart.yaml")]
    found = [path for path in sorted(folder.rglob("*.y*ml")) if path.suffix in (".yaml", ".yml") and path.is_file()]
    plain = [path for path in found if not any(path.is_relative_to(chart) for chart in charts)]
    chosen = [path for path in plain if not path.stem.lower().startswith("kustomization") and ".git" not in path.parts]
    return [str(path.relative_to(folder)) for path in chosen if _MANIFEST.search(path.read_bytes())]


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints; an exit code says only that something was found."""
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=900).stdout.decode(
        "utf8", "replace"
    )


def mela(folder: Path, _: list[str]) -> Iterator[Told]:
    command = str(Path(sys.executable).absolute().parent / "mela")
    told = json.loads(run([command, "verify", "--format", "json", "."], folder) or '{"findings": []}')
    for one in told["findings"]:
        yield one["rule"], one["severity"], one["file"], one["line"], f"{one['kind']} {one['name']}", one["says"]


def kubeconform(schemas: Path) -> Callable[[Path, list[str]], Iterator[Told]]:
    """With the schemas that `mela verify` has, because its own are on the network."""
    published = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{KUBERNETES}-local-strict"
    for each in published.iterdir():
        schema = json.loads(each.read_text(encoding="utf-8").replace('"/api/_definitions', '"_definitions'))
        schema.pop("$id", None)
        (schemas / each.name).write_text(json.dumps(schema), encoding="utf-8")
    command = ["kubeconform", *f"-strict -ignore-missing-schemas -kubernetes-version {KUBERNETES} -output json".split()]
    command += ["-schema-location", f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"]

    def check(folder: Path, given: list[str]) -> Iterator[Told]:
        told = json.loads(run([*command, *given], folder) or "{}")
        for one in told.get("resources") or []:
            errors = [f"{each['path']}: {each['msg']}" for each in one.get("validationErrors") or []]
            for says in errors or [one["msg"]]:
                yield one["status"], "error", one["filename"], 0, f"{one['kind']} {one['name']}", says

    return check


def kube_score(folder: Path, given: list[str]) -> Iterator[Told]:
    """Files that cannot be read stop it, so that then each is given alone."""
    version = f"v{KUBERNETES.rpartition('.')[0]}"
    command = ["kube-score", "score", "--output-format", "json", "--kubernetes-version", version]
    printed = run([*command, *given], folder)
    texts = [printed] if printed.startswith("[") else [run([*command, each], folder) for each in given]
    for thing in (thing for text in texts if text.startswith("[") for thing in json.loads(text)):
        for check in thing["checks"]:
            if not check["skipped"] and check["grade"] <= GRAVE_SCORE:
                grave = "warning" if check["grade"] == GRAVE_SCORE else "critical"
                for comment in check["comments"] or [{"path": "", "summary": ""}]:
                    says = f"{check['check']['name']}: {comment['path']} {comment['summary']}"
                    file = thing["file_name"].removeprefix(f"{folder.absolute()}/")
                    yield check["check"]["id"], grave, file, thing["file_row"], thing["object_name"], says


def checkov(folder: Path, given: list[str]) -> Iterator[Told]:
    files = [part for each in given for part in ("-f", each)]
    printed = run(["checkov", "--framework", "kubernetes", "--quiet", "--compact", "-o", "json", *files], folder)
    told = json.loads(printed or "{}")
    for report in told if isinstance(told, list) else [told]:
        for one in report.get("results", {}).get("failed_checks", []):
            where = one["file_path"].removeprefix("/"), one["file_line_range"][0]
            yield one["check_id"], one["severity"] or "failed", *where, one["resource"], one["check_name"]


def cpu_s() -> float:
    """Of the programs that were run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(folders: list[Path], names: Collection[str], schemas: Path) -> tuple[list[Found], dict[str, float]]:
    """All findings of the checkers, and the seconds of CPU that each took."""
    known = {"mela": mela, "kubeconform": kubeconform(schemas), "kube-score": kube_score, "checkov": checkov}
    checkers = {name: known[name] for name in names}
    found: list[Found] = []
    seconds = dict.fromkeys(checkers, 0.0)
    for folder in folders:
        given = files(folder)
        for name, check in checkers.items():
            began = cpu_s()
            found += [Found(name, folder.name, *told) for told in check(folder, given)]
            seconds[name] += cpu_s() - began
        print(f"{folder.name}: {len(given)} files", file=sys.stderr, flush=True)
    return found, seconds


def table(found: list[Found], seconds: dict[str, float], repositories: int) -> str:
    rows = [
        "| checker | findings | gravest class | rules that spoke | repositories | CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for name, took in seconds.items():
        mine = [one for one in found if one.checker == name]
        grave = sum(one.grave in ("error", "critical") for one in mine)
        spoke, where = len({one.rule for one in mine}), len({one.repository for one in mine})
        rows.append(f"| {name} | {len(mine):,} | {grave:,} | {spoke} | {where} of {repositories} | {took:,.0f} |")
    return "\n".join(rows)


def main() -> None:
    present = ["mela", *filter(shutil.which, ("kubeconform", "kube-score", "checkov"))]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("checkouts", type=Path, help="a folder with one folder per repository")
    parser.add_argument("--only", nargs="+", choices=present, help="these checkers; else all that are there")
    parser.add_argument("--sample", type=int, default=0, help="print so many findings of each checker, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write all findings here, one JSON to a line")
    given = parser.parse_args()
    folders = sorted(each for each in given.checkouts.iterdir() if each.is_dir())
    with tempfile.TemporaryDirectory() as schemas:
        found, seconds = compare(folders, given.only or present, Path(schemas))
    print(table(found, seconds, len(folders)))
    if given.out:
        given.out.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found))
    for name in seconds if given.sample else ():
        mine = [one for one in found if one.checker == name]
        drawn = random.Random(given.seed).sample(mine, min(given.sample, len(mine)))
        print(f"\n{name}")
        for one in drawn:
            print(f"  {one.repository}/{one.file}:{one.line} {one.rule} {one.object}: {one.says}")


if __name__ == "__main__":
    main()
