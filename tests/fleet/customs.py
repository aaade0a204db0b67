"""Python as processes of a test find it: with a word of ours before the first of theirs, and distributions of ours."""

import os


def customized(folder, monkeypatch, source, **engines):
    """Every process that the test starts runs `source` first, and finds the `engines`: a class each, in a module of its
    name.
    """
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(source)
    for name, module in engines.items():
        (site / f"{name}.py").write_text(module)
        facts = site / f"{name}-1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (facts / "entry_points.txt").write_text(f"[limner.engines]\n{name} = {name}:{name.title()}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH", "")))))
