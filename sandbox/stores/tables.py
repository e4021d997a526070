"""Every table of the control database, made from the rooms' records."""

from __future__ import annotations

import sqlalchemy as sa

from sandbox.billing.records import (
    CeilingSet,
    CostSurvey,
    Dispute,
    Letter,
    Numbering,
    Price,
    PriceCycle,
    Settlement,
    ShareAgreement,
    SpendingLimit,
    TaxInvoice,
    YearlyReport,
    YearlyReview,
)
from sandbox.catalogue.records import (
    BoughtProfile,
    Conditions,
    DataVersion,
    HolderConsent,
    Matter,
    QualityStatement,
    Regrading,
    Resource,
)
from sandbox.grants.records import Attachment, CreditEntry, Grant, GrantChange, PolicyVersion, Refusal, Subscription
from sandbox.identity.records import (
    ApiKey,
    Enrolment,
    Party,
    Person,
    Seconding,
    Session,
    SigningKey,
    Tally,
    TwoPersonRule,
)
from sandbox.jobs.records import Base, Delivery, Holding, Job, Release, Run, Task
from sandbox.metering.records import Meter, UsageEvent
from sandbox.oversight.records import Alert, Drill, Echo, Emergency, Incident, Publication, Sketch, Step, Trace
from sandbox.persons.records import Consent, Identification, Inquiry, PersonRequest
from sandbox.privacy.records import Account, Charge, Raise, Renewal
from sandbox.products.records import Product, Review
from sandbox.products.verification.records import Allowance, Verification
from sandbox.products.workspace.records import Admission, ExitReview, ExitWait, OwnTable
from sandbox.stores.columns import NAMING, table
from sandbox.transparency.records import (
    Checkpoint,
    Contradiction,
    KeptCosignature,
    KeyEpoch,
    Lease,
    LogEntry,
    Opening,
    RegisteredWitness,
    Timestamp,
)
from sandbox.web.records import IdempotentReply
from sandbox.webhooks.records import Message, Webhook

METADATA = sa.MetaData(naming_convention=NAMING)

for _record, _unique, _index in (
    (Party, ("credit_code",), ()),
    (ApiKey, (), ("party",)),
    (Enrolment, (), ()),
    (Resource, (), ("name",)),
    (DataVersion, ("resource,number",), ()),
    (BoughtProfile, ("resource,number",), ()),
    (Regrading, (), ("resource",)),
    (QualityStatement, (), ("resource",)),
    (Conditions, ("resource,number",), ()),
    (HolderConsent, ("grant,resource",), ("resource", "holder")),
    (Matter, (), ("party", "holder", "kind,status")),
    (Grant, (), ("operator",)),
    (GrantChange, (), ("grant",)),
    (Subscription, (), ("party", "product")),
    (Attachment, (), ("subject",)),
    (CreditEntry, (), ("party",)),
    (Refusal, (), ("product", "party")),
    (PolicyVersion, ("number",), ("status",)),
    (Verification, (), ("status", "party", "entry", "grant,status")),
    (Allowance, (), ("until",)),
    (Product, (), ("operator",)),
    (Review, (), ("product",)),
    (Identification, (), ("subject", "party")),
    (Consent, (), ("subject,recipient", "recipient")),
    (Inquiry, (), ("subject", "at")),
    (PersonRequest, (), ("subject", "resource")),
    (Price, ("product,number",), ()),
    (CostSurvey, (), ("operator,year",)),
    (CeilingSet, ("operator,number",), ()),
    (Settlement, ("operator,number", "key"), ("party", "month,operator", "corrects")),
    (Numbering, (), ()),
    (Dispute, (), ("party", "operator")),
    (Account, ("population,party",), ()),
    (Charge, ("account,job",), ("job", "account,base_key")),
    (Renewal, (), ()),
    (Raise, (), ("account",)),
    (Job, (), ("party", "status", "subscription,created_at", "product", "grant,status")),
    (Task, (), ("status,created_at", "subject")),
    (Base, ("key",), ("resource",)),
    (Holding, ("key,party",), ()),
    (Release, ("job",), ("base",)),
    (Delivery, (), ("job",)),
    (Run, ("product,period,number", "job"), ()),
    (Admission, (), ("party", "product", "status")),
    (OwnTable, ("admission,name",), ()),
    (ExitReview, ("job",), ()),
    (ExitWait, (), ("product,finished_at",)),
    (LogEntry, ("index",), ("at,id", "leaf_hash", "job", "party", "resource", "product")),
    (Opening, (), ("entry",)),
    (Checkpoint, (), ()),
    (Lease, (), ()),
    (RegisteredWitness, ("name",), ()),
    (KeptCosignature, (), ("size",)),
    (Contradiction, (), ("settled_at",)),
    (Timestamp, (), ()),
    (KeyEpoch, (), ("key",)),
    (SigningKey, (), ("party",)),
    (SpendingLimit, ("key",), ("party",)),
    (ShareAgreement, ("product,number",), ()),
    (YearlyReview, ("operator,year",), ()),
    (PriceCycle, ("operator,number",), ()),
    (YearlyReport, ("operator,year,number",), ()),
    (Letter, ("year,number",), ("operator",)),
    (TaxInvoice, (), ("settlement", "month,party", "number")),
    (Meter, (), ()),
    (UsageEvent, ("job", "fact"), ("party,at", "product,at", "month,operator,party")),
    (Emergency, (), ("lifted_at",)),
    (Trace, (), ("regulator", "file_digest")),
    (Publication, (), ("job", "base")),
    (Sketch, (), ()),
    (IdempotentReply, (), ("status,created_at",)),
    (Person, ("issuer,subject", "invitation"), ("party",)),
    (Session, (), ("person", "expires_at")),
    (Tally, (), ("kind,since", "until")),
    (Seconding, (), ("status", "digest")),
    (TwoPersonRule, (), ("action",)),
    (Drill, (), ()),
    (Echo, (), ("drill",)),
    (Alert, ("key",), ("status", "kind")),
    (Incident, (), ("status", "party")),
    (Step, (), ("incident",)),
    (Webhook, (), ("party",)),
    (Message, (), ("status,due_at", "webhook")),
):
    table(METADATA, _record, unique=_unique, index=_index)
