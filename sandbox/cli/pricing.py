"""`sandbox pricing simulate`: what prices would bring over a cycle, worked out here, with a chart."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandbox.cli.command import check_folder
from sandbox.errors import Problem

if TYPE_CHECKING:
    from sandbox.billing.simulation import Course

app = typer.Typer(no_args_is_help=True, help="What prices would bring.")
MONEY = ("subsidies", "taxes", "bond_yield", "margin", "carry_over")
EXAMPLE = """{"costs": [{"category": "staff", "amount": "1500000", "charged": "1"}], "subsidies": "0", "taxes": "0",
 "bond_yield": "0.0221", "margin": "0.06", "carry_over": "0", "cost_growth": "0.03", "years": 3,
 "products": [{"name": "check", "ceiling": "0.80", "price": "0.75", "forecast": 3000000, "elasticity": "-0.4"}]}"""


@app.callback()
def pricing() -> None:
    """What prices would bring."""


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="JSON; --example prints one.", exists=False)] = Path("-"),
    chart: Annotated[Path | None, typer.Option(help="Write a chart here, an .svg.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    example: Annotated[bool, typer.Option(help="Print a file to begin with.")] = False,
) -> None:
    """Simulate a cycle: permitted revenue, ceilings, what is earned, deviation and who has to act, year by year."""
    if example:
        typer.echo(EXAMPLE)
        return
    check_folder(chart)
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}; --example prints one to begin with")
    course = _course(file)
    rows = [_row(year) for year in course.years]
    if as_json:
        said = {"years": rows, "carry_over": format(course.carry_over, "f")}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        from sandbox.cli.show import console, table

        heads = ["year", "permitted", "ceilings over it by", "earned", "deviation", "acts", "prices"]
        shown = [[str(value) if name != "prices" else _prices(value) for name, value in row.items()] for row in rows]
        console().print(table(heads, shown, right=(1, 2, 3, 4)))
        typer.echo(f"Carried over into the next cycle: {course.carry_over:,} yuan")
    if chart is not None:
        chart.write_text(_chart(course), encoding="utf-8")


def _course(file: Path) -> Course:
    from sandbox.billing.regulated import Cost
    from sandbox.billing.simulation import Offered, simulate

    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        costs = [
            Cost(one["category"], Decimal(one["amount"]), Fraction(one.get("charged", "1"))) for one in said["costs"]
        ]
        figures = {name: Decimal(said.get(name, "0")) for name in MONEY}
        offered = [
            Offered(
                one["name"], Decimal(one["ceiling"]), Decimal(one.get("price", one["ceiling"])), int(one["forecast"]),
                Decimal(one.get("elasticity", "0")), Decimal(one.get("growth", "0")),
            )
            for one in said["products"]
        ]  # fmt: skip
        return simulate(costs, figures, offered, said.get("years"), Decimal(said.get("cost_growth", "0")))
    except KeyError as error:
        raise Problem("field_invalid", f"{file}: {error.args[0]} is missing; --example prints a whole file") from None
    except ArithmeticError:
        raise Problem("field_invalid", f"{file}: a number is not written as one, or is too large") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise Problem("field_invalid", f"{file} cannot be simulated: {error}") from None


def _row(year: Any) -> dict[str, Any]:
    percent = "–" if year.deviation is None else f"{float(year.deviation) * 100:+.2f} %"
    return {
        "year": year.number,
        "permitted": format(year.permitted, "f"),
        "excess": format(year.excess, "f"),
        "actual": format(year.actual, "f"),
        "deviation": percent,
        "who": year.who,
        "prices": {one.name: format(one.price, "f") for one, _, _ in year.products},
    }


def _prices(prices: dict[str, str]) -> str:
    return ", ".join(f"{name} {yuan}" for name, yuan in prices.items())


def _chart(course: Course) -> str:
    """Permitted and actual revenue over the years, in thousands of yuan."""
    import leather

    chart = leather.Chart("Permitted and actual revenue, 1,000 yuan")
    for name, values in (
        ("permitted", [one.permitted for one in course.years]),
        ("actual", [one.actual for one in course.years]),
    ):
        points = [(number, round(float(value) / 1000, 1)) for number, value in enumerate(values, 1)]
        chart.add_line(points, name=name)
    highest = max(max(one.permitted, one.actual) for one in course.years)
    chart.add_y_scale(0, float(highest) / 1000 * 1.1 or 1)
    chart.add_x_axis(ticks=[one.number for one in course.years], name="year of the cycle")
    return str(chart.to_svg())


def add_to(root: typer.Typer) -> None:
    """Add `sandbox pricing`."""
    root.add_typer(app, name="pricing")
