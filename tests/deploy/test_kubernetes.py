"""The manifests cannot be applied here: they must agree with each other and with what there is."""

import kubernetes_validate
import pytest
import yaml

from limner.assembly import Assembly
from limner.observers.metrics import GAUGES
from limner.settings import Settings
from limner.web.server import create_app
from tests.deploy.files import CONTAINERS, DEPLOY, MANIFESTS, PODS

METRICS = DEPLOY / "kubernetes" / "metrics"


def of_kind(kind):
    return {manifest["metadata"]["name"]: manifest for manifest in MANIFESTS if manifest["kind"] == kind}


def probes():
    return [probe["httpGet"] for container in CONTAINERS for name, probe in container.items() if name.endswith("Probe")]


def variables(container):
    return {variable["name"]: variable["value"] for variable in container.get("env", ())}


@pytest.fixture
def server():
    (server,) = [container for container in CONTAINERS if container["name"] == "server"]
    return server


@pytest.fixture
def hosts(server):
    return variables(server)["LIMNER_ALLOWED_HOSTS"].split(",")


def test_probes_ask_for_what_there_is(tmp_path):
    paths = create_app(Assembly(Settings(home=tmp_path))).openapi()["paths"]
    assert {probe["path"] for probe in probes()} == {"/health", "/ready"} <= set(paths)


def test_probes_and_prometheus_come_by_names_that_are_answered(hosts):
    (job,) = yaml.safe_load((METRICS / "prometheus.yaml").read_text())["scrape_configs"]
    asked = {header["value"] for probe in probes() for header in probe["httpHeaders"]}
    assert asked | {target for one in job["static_configs"] for target in one["targets"]} <= set(hosts)


def test_ports_agree(server, tmp_path):
    assert server["ports"] == [{"name": "http", "containerPort": Settings(home=tmp_path).port}]
    assert {probe["port"] for probe in probes()} == {"http"}
    assert of_kind("Service")["limner"]["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]


@pytest.mark.parametrize("kind", ["Service", "PodDisruptionBudget"])
def test_what_selects_pods_finds_those_of_one_deployment(kind):
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment").values()]
    for manifest in of_kind(kind).values():
        selector = manifest["spec"]["selector"]
        assert labels.count(selector.get("matchLabels", selector)) == 1


def test_the_autoscaler_follows_a_metric_that_there_is_by_the_adapters_rule():
    (scaler,) = of_kind("HorizontalPodAutoscaler").values()
    (rule,) = yaml.safe_load((METRICS / "adapter.yaml").read_text())["externalRules"]
    (metric,) = scaler["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == rule["seriesQuery"]
    assert rule["seriesQuery"] in GAUGES
    scaled = of_kind("Deployment")[scaler["spec"]["scaleTargetRef"]["name"]]
    assert "replicas" not in scaled["spec"]


def test_the_services_own_variables_do_not_reach_the_settings():
    """Kubernetes would set LIMNER_PORT=tcp://…, and the server would end with a sentence about ports."""
    assert all(pod["enableServiceLinks"] is False for pod in PODS)


def test_nothing_runs_as_root_or_may_write_where_it_need_not():
    assert all(pod["securityContext"]["runAsNonRoot"] for pod in PODS)
    assert not any(pod["automountServiceAccountToken"] for pod in PODS)
    for container in CONTAINERS:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_whoever_stops_a_pod_waits_longer_than_it_drains(server, tmp_path):
    before = int(server["lifecycle"]["preStop"]["exec"]["command"][1])
    longest = before + Settings(home=tmp_path).limits.drain_grace
    stopped = [one["spec"]["template"]["spec"] for one in of_kind("Deployment").values()]
    assert len(stopped) == 2
    assert all(pod["terminationGracePeriodSeconds"] > longest for pod in stopped)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_its_schema_finds_no_fault(manifest):
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
