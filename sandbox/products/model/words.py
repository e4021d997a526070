"""What is said of models, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.plan.fitted import Model, Slots
from sandbox.plan.plan import Plan

METHODS = {
    "linear": ("linear regression", "线性回归"),
    "logistic": ("logistic regression", "逻辑回归"),
    "naive_bayes": ("naive Bayes", "朴素贝叶斯"),
    "forest": ("random trees", "随机森林"),
    "kmeans": ("k-means clusters", "k 均值聚类"),
    "pca": ("principal components", "主成分分析"),
}


def notes(model: Model) -> tuple[str, ...]:
    """Give the notes of a model's answer."""
    said = ["half-widths are of the noise alone, found by simulation; who was fitted to is a sample, too"]
    if model.held:
        said.append(f"quality is measured on {Decimal(model.held) / 10:f} % of the units, which the fit did not see")
    elif model.method != "pca":
        said.append("quality is measured on the units that were fitted to")
    if model.target is None:
        said.append("groups and coordinates of records bear no marks of their own; the copy's sums do")
    else:
        said.append("predictions are marked by record: a leak is traced where the features stand beside them")
    if not model.weights:
        said.append("its weights do not leave; predictions are asked for")
    else:
        said.append("weights that leave bear marks in their digits: a leaked file is traced as far as these are left")
    return tuple(said)


def explained(plan: Plan, unit: str, language: str) -> list[str]:
    """Say in sentences what the plan does, from it alone."""
    model = plan.stages[0].model
    name = METHODS[model.method][language == "zh"]
    features, steps = "、".join(f.name for f in model.features), len(plan.stages)
    kept = Decimal(model.held) / 10
    if language == "zh":
        said = [f"以每个{unit}一行数据拟合{name}；特征：{features}。"]
        if model.target is not None:
            said.append(f"目标：{model.target.name}。")
        said.append(f"共发布 {steps} 组整数合计，每组均加入精确的离散高斯噪声；其后均为不再消耗隐私预算的后处理。")
        if kept:
            said.append(f"保留 {kept:f} % 的{unit}仅用于评估，评估结果同样加噪后发布。")
        if any(isinstance(one, Slots) for one in plan.fitted):
            said.append("预测值按记录嵌入接收方的数据指纹。")
        return said
    features = features.replace("、", ", ")
    said = [f"Fits {name} to one row of each {unit}, by {features}."]
    if model.target is not None:
        said.append(f"What is predicted is {model.target.name}.")
    sets = "One set of whole sums is" if steps == 1 else f"{steps} sets of whole sums are"
    said.append(f"{sets} released, with exact discrete Gaussian noise; all else is made of that and costs no privacy.")
    if kept:
        said.append(f"{kept:f} % of the units are kept for the evaluation, which is released with noise, too.")
    if any(isinstance(one, Slots) for one in plan.fitted):
        said.append("Predictions bear their recipient's mark, record by record.")
    return said


SAID = {
    "auc": (
        "It puts a positive record above a negative one in {value} of pairs (AUC, ± {error}).",
        "随机取一正一负两条记录，正者得分更高的概率为 {value}（AUC，±{error}）。",
    ),
    "ks": (
        "At the best score it tells the two apart by {value} (KS, ± {error}).",
        "最佳阈值处正负样本累计分布之差为 {value}（KS，±{error}）。",
    ),
    "brier": ("Its squared error is {value} (Brier, ± {error}).", "均方概率误差为 {value}（Brier，±{error}）。"),
    "r2": ("It explains {value} of the target's variance (R², ± {error}).", "解释目标方差的 {value}（R²，±{error}）。"),
    "error": (
        "Predictions are off by {value} (root mean square, ± {error}).",
        "预测的均方根误差为 {value}（±{error}）。",
    ),
    "distance": ("The mean squared distance to a centre is {value}.", "到中心的平均距离平方为 {value}。"),
}


WORDS = {
    "size": "规模", "units": "单位数", "quality": "质量", "calibration": "校准", "share": "解释占比", "reason": "依据",
    "weight": "权重", "constant": "常数项", "auc": "AUC", "ks": "KS", "brier": "Brier", "r2": "R²",
    "error": "均方根误差", "distance": "到中心的平均距离平方",
}  # fmt: skip


def word(text: str, zh: bool) -> str:
    """Give a word of a card in the reader's language; names of features stay as they are."""
    measures = {"r2": "R²", "auc": "AUC", "ks": "KS", "brier": "Brier"}
    return (WORDS if zh else measures).get(text, text)


def spoken(items: Sequence[Mapping[str, Any]], epsilon: str, language: str) -> list[str]:
    """Say in sentences how good a model is, what it goes by, and what it cost."""
    zh, said = language == "zh", []
    for one in items:
        if one["part"] == "size":
            about = f"{Decimal(one['value']):.0f}"
            said.append(f"约 {about} 个单位参与拟合。" if zh else f"About {about} units were fitted to.")
        elif one["part"] == "quality":
            said.append(_measured(one, zh))
    reasons = sorted((o for o in items if o["part"] == "reason"), key=lambda o: -Decimal(o["value"] or 0))
    shares = [f"{one['item']} {Decimal(one['value'] or 0) * 100:.0f} %" for one in reasons]
    if shares:
        said.append(f"主要依据：{'、'.join(shares)}。" if zh else f"It goes by {', '.join(shares)}.")
    said.append(f"隐私成本 ε {epsilon}。" if zh else f"It cost ε {epsilon}; predictions cost none.")
    return said


def titled(name: str, method: str, use: str, language: str) -> str:
    """Give the first sentence of a card: what it is of, how it is made, what it is for."""
    known = METHODS[method][language == "zh"]
    return f"{name}：{known}。{use}" if language == "zh" else f"{name}: {known}. {use}"


def _measured(one: Mapping[str, Any], zh: bool) -> str:
    if one["value"] is None:
        name = word(one["item"], zh)
        return f"噪声过大，无法给出{name}。" if zh else f"Noise leaves nothing to be said of {name}."
    value = f"{Decimal(one['value']):.3f}" if abs(Decimal(one["value"])) >= Decimal("0.001") else one["value"]
    return SAID[one["item"]][zh].format(value=value, error=one["error_95"] or "–")
