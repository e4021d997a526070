"""The story, act by act."""

from sandbox.cli.demo import asking, offering, watching

STORY = (
    offering.opening,
    offering.parties,
    offering.registration,
    offering.authorisation,
    offering.packaging,
    asking.subscription,
    asking.question,
    asking.same_again,
    asking.public_welfare,
    asking.three_copies,
    asking.refusals,
    asking.bill,
    watching.damaged_copy,
    watching.trace,
    watching.proof,
    watching.next_steps,
)
