"""Asks for known vulnerabilities of the locked versions, and says so plainly where the question could not be asked.

Ends with 1 when a locked version has a vulnerability that is not accepted below, and with 0 otherwise: a machine that
cannot reach the advisory database must still be able to pass the checks.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_S = 120

# Identifier of an accepted advisory -> why it does not reach this product.
ACCEPTED: dict[str, str] = {}


def run_audit() -> str:
    """Returns what pip-audit printed as JSON, or an empty string where it could not finish."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", "requirements/lock.txt", "--disable-pip"]
    command += ["--require-hashes", "--format", "json", "--progress-spinner", "off", "--cache-dir", ".venv/cache/audit"]
    try:
        finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return finished.stdout


def main() -> int:
    output = run_audit()
    dependencies = json.loads(output)["dependencies"] if output.startswith("{") else []
    audited = [dependency for dependency in dependencies if "skip_reason" not in dependency]
    if not audited:
        print("audit: NOT DONE: the advisory database did not answer from here; run `make check` where it does.")
        return 0
    code = 0
    for dependency in audited:
        for advisory in dependency["vulns"]:
            name = f"{dependency['name']} {dependency['version']}: {advisory['id']}"
            reason = ACCEPTED.get(advisory["id"])
            if reason is None:
                print(f"audit: {name}: fixed in {', '.join(advisory['fix_versions']) or 'no version yet'}")
                code = 1
            else:
                print(f"audit: {name}: accepted: {reason}")
    print(f"audit: {len(audited)} of {len(dependencies)} locked versions were looked up")
    return code


if __name__ == "__main__":
    sys.exit(main())
