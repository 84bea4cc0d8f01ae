# SPDX-License-Identifier: Apache-2.0

"""Results of bench/run.py as Markdown tables and as one self-contained HTML page with charts."""

import html as escaping
import math

US = "regroup"
SMALL = "regroup, small"  # With --encoding small.
COPY = "cp -r"
COLOURS = {US: "#0b6e4f", SMALL: "#7fb8a4", COPY: "#9a9a9a"}
OTHER_COLOURS = ["#c8553d", "#e09f3e", "#5b6c9d", "#8a5a83", "#4d908e", "#b56576"]


def peers_of(result):
    return {name: told for name, told in result["tools"].items() if name not in (US, SMALL, COPY)}


def best_peer(result, key="wall_s"):
    peers = peers_of(result)
    return min(peers, key=lambda name: peers[name][key]["median"]) if peers else None


def ratio(result, key):
    """How many times the best peer takes of what we take."""
    if key not in result["tools"][US]:
        return None
    best = best_peer(result, key)
    if best is None:
        return None
    return result["tools"][best][key]["median"] / result["tools"][US][key]["median"]


def geometric_mean(values):
    values = [value for value in values if value]
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else None


def mib(count):
    return f"{count / (1 << 20):,.0f}"


def title_of(result):
    return f"{result['set']}, {result['writer']}"


def spread(told):
    low, middle, high = told["low"], told["median"], told["high"]
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def times(value):
    return "-" if value is None else f"{value:.1f}x"


def against_floor(result, threads, key):
    """The floor: a copy of all bytes, and the codec's work on what had to change."""
    if key not in result["tools"][US]:
        return None
    floor = result["tools"][COPY][key]["median"] + result["codec_s"] / threads
    return result["tools"][US][key]["median"] / floor


def moves_of(result):
    """How the bytes moved, the largest share first."""
    moved = {verdict: counts["bytes_in"] for verdict, counts in (result["moves"] or {}).items()}
    total = sum(moved.values()) or 1
    shares = sorted(((count / total, verdict) for verdict, count in moved.items()), reverse=True)
    return ", ".join(f"{verdict} {share:.0%}" for share, verdict in shares if share >= 0.005)


def small_of(result, smallest):
    """What --encoding small makes of it: bytes by the smallest peer's, CPU by the best peer's."""
    small = result["tools"].get(SMALL)
    if small is None:
        return ["", ""]
    best = result["tools"][best_peer(result, "cpu_s")]["cpu_s"]["median"]
    return [f"{small['bytes'] / smallest:.3f}", f"{best / small['cpu_s']['median']:.1f}x"]


def row_of(result, threads):
    us = result["tools"][US]
    best = best_peer(result)
    if best is None:
        return None
    peer = result["tools"][best]
    copy = result["tools"][COPY]
    smallest = min(told["bytes"] for told in peers_of(result).values())
    return [
        title_of(result),
        f"{result['files']:,}",
        mib(result["bytes"]),
        best,
        spread(peer["wall_s"]),
        spread(us["wall_s"]),
        f"**{ratio(result, 'wall_s'):.1f}x**",
        times(ratio(result, "disk_s")),
        f"{ratio(result, 'cpu_s'):.1f}x",
        f"{us['wall_s']['median'] / copy['wall_s']['median']:.1f}x",
        times(against_floor(result, threads, "wall_s")),
        times(against_floor(result, threads, "disk_s")),
        mib(us["peak_bytes"]["median"]),
        mib(min(told["peak_bytes"]["median"] for told in peers_of(result).values())),
        f"{us['bytes'] / result['bytes']:.3f}",
        f"{us['bytes'] / smallest:.3f}",
        *small_of(result, smallest),
        moves_of(result),
    ]


HEAD = [
    "set, writer",
    "files",
    "MiB in",
    "best peer",
    "its wall, s",
    "regroup's wall, s",
    "wall",
    "wall, on disk",
    "CPU",
    "wall / cp -r",
    "wall / floor",
    "wall / floor, on disk",
    "peak MiB",
    "least peak of a peer",
    "bytes / input",
    "bytes / smallest peer",
    "the same, --encoding small",
    "its CPU",
    "how bytes moved",
]


def against_floors(told):
    threads = told["threads"]
    floors = [against_floor(result, threads, "wall_s") for result in told["results"]]
    return [
        f"Wall time against the floor: geometric mean {geometric_mean(floors):.1f}x, "
        f"worst set {max(floors):.1f}x."
    ]


def summary_lines(told):
    walls = [ratio(result, "wall_s") for result in told["results"]]
    walls = [value for value in walls if value]
    disks = [ratio(result, "disk_s") for result in told["results"]]
    disks = [value for value in disks if value]
    cpus = [ratio(result, "cpu_s") for result in told["results"]]
    peaks = [result["tools"][US]["peak_bytes"]["high"] for result in told["results"]]
    if not walls:
        return []
    return [
        f"Wall time against the best peer of each set: geometric mean {geometric_mean(walls):.1f}x"
        f" faster, worst set {min(walls):.1f}x.",
        *(
            [
                "The same on a disk, until all is synced: geometric mean "
                f"{geometric_mean(disks):.1f}x, worst set {min(disks):.1f}x."
            ]
            if disks
            else []
        ),
        *against_floors(told),
        f"CPU time: geometric mean {geometric_mean(cpus):.1f}x less.",
        f"Highest peak of resident memory: {mib(max(peaks))} MiB, with --memory {told['memory']}.",
    ]


def where_outputs_went(told):
    places = {True: "to memory (tmpfs)", False: "to a disk", None: "to a disk, unsynced by peers"}
    place = places[told.get("is_in_memory")]
    rounds = told.get("disk_rounds", 0)
    if not rounds:
        return f"Outputs went {place}."
    return (
        f"Outputs went {place}; in the columns \"on disk\" they went to a disk, in {rounds} rounds "
        "more, until all was synced: regroup ends only then, peers and `cp` were not asked to wait."
    )


def conditions(told):
    named = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    return [
        f"{told['date']}; {told['machine']}; {told['threads']} threads each; "
        f"{told['rounds']} interleaved rounds; scale {told['scale']:g}.",
        f"Versions: {named}.",
        "Same rows to a row group and same codec for all, zstd of level 3; what regroup makes anew "
        "in its default mode is of zstd level 1 (profiles.md has both). Inputs in the page cache. "
        "Median "
        "(lowest to highest). Start and import of a peer's process are taken off its times. The "
        "floor is `cp -r` and the codec's work, both ways, on what had to change.",
        where_outputs_went(told),
    ]


def failures(told):
    tools = [
        f"{title_of(result)}: {name} failed: {text}"
        for result in told["results"]
        for name, text in result["failed"].items()
    ]
    readers = [
        f"{title_of(result)}: queries of {reader} failed: {asked['failed']}"
        for result in told["results"]
        for reader, asked in result["queries"].items()
        if "failed" in asked
    ]
    return tools + readers


def query_rows(told):
    """Set, reader, query, our CPU, the best peer output's CPU and whose it is, the ratio."""
    rows = []
    for result in told["results"]:
        for reader, asked in result["queries"].items():
            for query, times in asked.items():
                if query == "failed" or US not in times:
                    continue
                others = {tool: s for tool, s in times.items() if tool not in (US, SMALL)}
                best = min(others, key=others.get)
                share = times[US] / max(others[best], 1e-6)
                rows.append([title_of(result), reader, query, times[US], others[best], best, share])
    return rows


def query_lines(told):
    rows = query_rows(told)
    if not rows:
        return []
    mean = geometric_mean([row[-1] for row in rows])
    lines = [
        "",
        "## Queries on the outputs",
        "",
        "CPU seconds of a reader on our output and on the output that is best for it; "
        f"geometric mean of the last column {mean:.2f}, worst {max(row[-1] for row in rows):.2f}.",
        "",
        "| set, writer | reader | query | on ours, s | on the best, s | whose | ours / best |",
        "|---|---|---|--:|--:|---|--:|",
    ]
    for title, reader, query, ours, best, whose, share in rows:
        lines.append(
            f"| {title} | {reader} | {query} | {ours:.4f} | {best:.4f} | {whose} | {share:.2f} |"
        )
    return lines


def details(told):
    lines = [
        "| set, writer | tool | wall, s | CPU, s | peak MiB | MiB out | files |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for result in told["results"]:
        for name, tool in result["tools"].items():
            lines.append(
                f"| {title_of(result)} | {name} | {spread(tool['wall_s'])} "
                f"| {spread(tool['cpu_s'])} | {mib(tool['peak_bytes']['median'])} "
                f"| {mib(tool['bytes'])} | {tool['files']:,} |"
            )
    return lines


def markdown(told):
    lines = ["# Benchmark", ""]
    lines += [line + "\n" for line in conditions(told)]
    lines += ["- " + line for line in summary_lines(told)] + [""]
    lines += ["| " + " | ".join(HEAD) + " |", "|---|--:|--:|---|" + "--:|" * (len(HEAD) - 4)]
    for result in told["results"]:
        row = row_of(result, told["threads"])
        if row:
            lines.append("| " + " | ".join(row) + " |")
    lines += ["", "## Every tool", ""] + details(told) + query_lines(told)
    if failures(told):
        lines += ["", "## Failures", ""] + ["- " + line for line in failures(told)]
    return "\n".join(lines) + "\n"


def colour_of(name, names):
    if name in COLOURS:
        return COLOURS[name]
    others = [other for other in names if other not in COLOURS]
    return OTHER_COLOURS[others.index(name) % len(OTHER_COLOURS)]


def chart(result, key, scale, unit):
    """Bars, one for each tool, with whiskers from the lowest to the highest round."""
    tools = result["tools"]
    names = list(tools)
    top = max(tools[name][key]["high"] for name in names) / scale
    left, width, height = 130, 330, 20
    lines = [
        f'<svg viewBox="0 0 {left + width + 80} {len(names) * height + 4}" role="img" '
        f'aria-label="{escaping.escape(title_of(result))}">'
    ]
    for number, name in enumerate(names):
        told = {part: value / scale for part, value in tools[name][key].items()}
        y = number * height + 2
        long, low, high = (told[p] / top * width for p in ("median", "low", "high"))
        middle = y + height / 2 - 1
        lines += [
            f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{escaping.escape(name)}</text>',
            f'<rect x="{left}" y="{y}" width="{max(long, 1):.1f}" height="{height - 5}" '
            f'fill="{colour_of(name, names)}"/>',
            f'<line x1="{left + low:.1f}" x2="{left + high:.1f}" y1="{middle}" y2="{middle}" '
            'stroke="#222"/>',
            f'<text x="{left + max(long, high) + 6:.1f}" y="{y + 13}">'
            f"{told['median']:.{2 if unit == 's' else 0}f} {unit}</text>",
        ]
    return "\n".join(lines + ["</svg>"])


STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
h1, h2, h3 { line-height: 1.2; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
svg { width: 100%; font: 12px system-ui, sans-serif; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .2rem .5rem; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child, td:nth-child(4) { text-align: left; }
.told { color: #555; }
.scroll { overflow-x: auto; }
"""


def html_table(told):
    lines = ["<div class=scroll><table><tr>"]
    lines += [f"<th>{escaping.escape(cell)}</th>" for cell in HEAD] + ["</tr>"]
    for result in told["results"]:
        row = row_of(result, told["threads"])
        if row:
            cells = (escaping.escape(cell.replace("*", "")) for cell in row)
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return "\n".join(lines + ["</table></div>"])


def html(told):
    lines = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<title>regroup: benchmark</title><style>{STYLE}</style><h1>regroup: benchmark</h1>",
    ]
    lines += [f"<p class=told>{escaping.escape(line)}</p>" for line in conditions(told)]
    lines += ["<ul>", *(f"<li>{escaping.escape(s)}</li>" for s in summary_lines(told)), "</ul>"]
    lines += [html_table(told)]
    for result in told["results"]:
        lines += [
            f"<h2>{escaping.escape(title_of(result))}</h2>",
            f"<p class=told>{result['files']:,} files, {mib(result['bytes'])} MiB, "
            f"{result['codec']}, {result['group_rows']:,} rows to a row group</p>",
            "<div class=charts>",
        ]
        for label, key, scale, unit in (
            ("Wall time", "wall_s", 1, "s"),
            ("CPU time", "cpu_s", 1, "s"),
            ("Peak resident memory", "peak_bytes", 1 << 20, "MiB"),
        ):
            lines.append(f"<figure><h3>{label}</h3>{chart(result, key, scale, unit)}</figure>")
        lines.append("</div>")
    lines += [f"<p>{escaping.escape(line)}</p>" for line in failures(told)]
    return "\n".join(lines + ["</html>"]) + "\n"
