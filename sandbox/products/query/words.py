"""The sentences of `explain`, in English and Chinese."""

from __future__ import annotations

SAID = {
    "en": {
        "constants": "constants",
        "unseen": "A value that is only computed with",
        "part": "Part {number} of the question:",
        "scan": "Rows of {table} are read; registration keeps at most {rows} of one {unit}.",
        "public": "Rows of the public table {table} are read.",
        "own": "Rows of your own table {table} are read whose {unit} is in the data: one of each at most.",
        "own_public": "Rows of your own table {table} are read, as those of a public table.",
        "filter": "Only rows that meet a condition on {columns} are kept.",
        "join": "Rows are joined within one {unit}; together it has at most {rows} rows.",
        "join_public": "They are joined with it: at most {fanout} public rows meet one row, {rows} for one {unit}.",
        "semi": "Rows are kept of which the same {unit} has a partner there.",
        "anti": "Rows are kept of which the same {unit} has no partner there.",
        "union": "They are put together: at most {rows} rows of one {unit}.",
        "fold": "They are summed up to one row for each {unit}.",
        "fold_by": "They are summed up to one row for each {unit} and {keys}.",
        "window": "Columns are added that look at the rows of the same {unit}.",
        "declared": "Groups by {keys}: their values are declared, so every group shows, also an empty one.",
        "private": "Groups by {keys}: a group shows only when it seems, noise included, to have {tau} or more "
        "different units ({unit}).",
        "bounds": "Each {unit} counts in at most {groups} groups with at most {rows} rows in each; what is beyond is "
        "left out.",
        "norm": "Of a {unit} with very many or very large rows each row counts for less, so that no {unit} matters "
        "more than the noise hides.",
        "output": "{name} is {what}, with {noise} noise.",
        "output_error": "{name} is {what}, with {noise} noise: off by at most {error} in 95 of 100 cases.",
        "post": "Afterwards, on the noisy numbers only and at no cost: {steps}.",
        "post_filter": "rows are filtered",
        "post_sort": "rows are ordered or cut",
        "post_project": "columns are computed",
        "post_group": "groups are summed up",
        "post_window": "rows are compared with each other",
        "post_join": "parts are joined",
        "post_semi": "parts are compared",
        "post_union": "parts are put together",
    },
    "zh": {
        "constants": "常量",
        "unseen": "一个只用于计算的值",
        "part": "问题的第 {number} 部分：",
        "scan": "读取表 {table} 的行；登记时每个 {unit} 最多保留 {rows} 行。",
        "public": "读取公开表 {table} 的行。",
        "own": "读取自带表 {table} 中 {unit} 在数据内的行：每个 {unit} 最多一行。",
        "own_public": "读取自带表 {table} 的行，如同公开表。",
        "filter": "只保留满足 {columns} 上条件的行。",
        "join": "在同一 {unit} 之内连接各行；每个 {unit} 合计最多 {rows} 行。",
        "join_public": "与其连接：一行最多对应 {fanout} 个公开行，每个 {unit} 最多 {rows} 行。",
        "semi": "保留同一 {unit} 在那里有对应行的行。",
        "anti": "保留同一 {unit} 在那里没有对应行的行。",
        "union": "合并各部分：每个 {unit} 最多 {rows} 行。",
        "fold": "先汇总为每个 {unit} 一行。",
        "fold_by": "先汇总为每个 {unit} 和 {keys} 一行。",
        "window": "添加只看同一 {unit} 各行的列。",
        "declared": "按 {keys} 分组：其取值已声明，因此每一组都显示，空组也显示。",
        "private": "按 {keys} 分组：只有加噪后的 {unit} 数约达到 {tau} 的组才显示。",
        "bounds": "每个 {unit} 最多计入 {groups} 组，每组最多 {rows} 行；超出部分不计。",
        "norm": "行数很多或数值很大的 {unit}，其每一行的权重会降低，使任何一个 {unit} 的影响都被噪声掩盖。",
        "output": "{name} 是{what}，加入{noise}噪声。",
        "output_error": "{name} 是{what}，加入{noise}噪声：100 次中有 95 次误差不超过 {error}。",
        "post": "此后只在加噪的数字上进行，不消耗隐私：{steps}。",
        "post_filter": "筛选行",
        "post_sort": "排序或截取行",
        "post_project": "计算列",
        "post_group": "汇总各组",
        "post_window": "行间比较",
        "post_join": "连接各部分",
        "post_semi": "比较各部分",
        "post_union": "合并各部分",
    },
}

KINDS = {
    "en": {
        "count": "a number of rows",
        "units": "the number of different units ({unit})",
        "sum": "a sum of {of}",
        "around": "a sum of {of}, added up around {middle}, which takes half the noise, and put together with the "
        "number of rows",
        "average": "an average of {of}",
        "quantile": "a quantile of {of}",
    },
    "zh": {
        "count": "行数",
        "units": "不同 {unit} 的数目",
        "sum": "{of} 之和",
        "around": "{of} 之和（围绕 {middle} 求和，噪声减半，再与行数合并）",
        "average": "{of} 的平均值",
        "quantile": "{of} 的分位数",
    },
}

MECHANISMS = {
    "en": {
        "discrete gaussian": "Gaussian",
        "discrete laplace": "Laplace",
        "exponential": "exponential (drawn, not added)",
    },
    "zh": {"discrete gaussian": "高斯", "discrete laplace": "拉普拉斯", "exponential": "抽取式（指数机制）"},
}
