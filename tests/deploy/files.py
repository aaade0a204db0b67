"""What lies in deploy/, read."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
NGINX = (DEPLOY / "nginx.conf").read_text()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = [
    manifest
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text())
]
PODS = [manifest["spec"]["template"]["spec"] for manifest in MANIFESTS if "template" in manifest["spec"]]
CONTAINERS = [container for pod in PODS for container in pod["containers"]]
