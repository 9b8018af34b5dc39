"""An import-linter contract: a package is entered through one module only."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OneDoor(Contract):
    """Modules under `importers` may import the module `door` of `package` and no other of its modules."""

    type_name = "one_door"

    importers = fields.StringField()
    package = fields.StringField()
    door = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect the direct imports that go past the door."""
        importers, package, door = str(self.importers), str(self.package), str(self.door)
        past = [
            f"{importer} imports {imported}"
            for importer in sorted(graph.modules)
            if importer.partition(".")[0] == importers
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.partition(".")[0] == package and imported != door
        ]
        return ContractCheck(kept=not past, metadata={"past": past})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """List every import that goes past the door."""
        for line in check.metadata["past"]:
            output.print_error(f"- {line}", bold=False)
