"""What an operator could put together (汇聚关联风险, U7): resources that share what links their rows.

Looks at declarations only. A product needs an assessment of its links before it is approved."""

from __future__ import annotations

from dataclasses import dataclass

from policies.grades import ROLES
from sandbox.catalogue.records import Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.products.records import Product

OFFERED = ("submitted", "approved", "paused")


@dataclass(frozen=True)
class Link:
    """Two resources and the columns of the first by which their rows could be put together."""

    resource: str
    other: str
    columns: tuple[str, ...]


def links_of(tx: Transaction, product: Product) -> list[Link]:
    """Give the links between the resources of `product`, and from them to others that the same operator offers.

    Two protected tables of different resources link by columns of one name and kind whose role links."""
    mine = _resources(tx, product.resources)
    others = {
        resource
        for offered in tx.find(Product, operator=product.operator, status=OFFERED)
        if offered.id != product.id
        for resource in offered.resources
    }
    against = {**_resources(tx, sorted(others - set(product.resources))), **mine}
    found = []
    for name, one in mine.items():
        for other, two in against.items():
            shared = tuple(sorted(_linking(one) & _linking(two)))
            if shared and other != name and not (other in mine and other < name):
                found.append(Link(name, other, tuple(column for column, _ in shared)))
    return found


def check_links(tx: Transaction, product: Product, *, assessed: bool) -> None:
    """Raise `Problem(assessment_missing)` when a product links resources and nobody has assessed what that allows."""
    links = links_of(tx, product)
    if links and not assessed:
        said = "; ".join(f"{', '.join(link.columns)} with {link.other}" for link in links[:5])
        raise Problem(
            "assessment_missing",
            f"the operator could put resources together by what they share ({said}): attach a document of the kind "
            "linkage_assessment to the product first",
        )


def _resources(tx: Transaction, ids: list[str]) -> dict[str, Resource]:
    return {one: found for one in ids if (found := tx.get(Resource, one)) is not None}


def _linking(resource: Resource) -> set[tuple[str, str]]:
    """The columns of protected tables that link, by name in small letters and kind of type."""
    return {
        (column.name.lower(), column.plan_type.kind)
        for table in stored_entry(resource.entry).tables
        if not table.public
        for column in table.columns
        if ROLES[column.role].links
    }
