"""No module imports itself by a detour. The import rules see rings of siblings; this sees parent and child as well."""

import graphlib

import grimp


def ring(graph: grimp.ImportGraph) -> list[str]:
    """Modules that import each other in a ring, the first one again at the end; empty if there is none."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_modules_import_each_other_in_one_direction_only() -> None:
    assert ring(grimp.build_graph("mela", cache_dir=None)) == []


def test_a_package_and_its_module_importing_each_other_are_a_ring() -> None:
    graph = grimp.ImportGraph()
    graph.add_import(importer="mela.kernel", imported="mela.kernel.clock")
    graph.add_import(importer="mela.kernel.clock", imported="mela.kernel")
    assert set(ring(graph)) == {"mela.kernel", "mela.kernel.clock"}
