#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens reports of `fib report` in headless Chromium: nothing is fetched, tables sort by a click,
a click on a number shows its command, nothing is wider than the screen, hostile names do nothing.
Leaves screenshots (desktop, phone, dark) to look at.

Usage: report_test.py FIB OUTPUT_DIRECTORY    Exit code 77: there is no Chromium.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77

# Runs within the page when it is complete; what it finds is put into <pre id="probe">.
PROBE = r"""
const found = {};
const text = (row, column) => row.cells[column].textContent;
const table = [...document.querySelectorAll("table")]
  .find((it) => it.caption.textContent.startsWith("Candidates for"));
const titles = [...table.tHead.rows[0].cells].map((it) => it.textContent);
const sort = (title) => {
  const column = titles.indexOf(title);
  const head = table.tHead.rows[0].cells[column];
  head.querySelector("button").click();
  const cells = [...table.tBodies[0].rows].map((row) => row.cells[column]);
  return { state: head.getAttribute("aria-sort"),
           others: [...table.tHead.rows[0].cells].filter((it) => /asc|desc/.test(it.ariaSort)).length,
           keys: cells.map((it) => it.dataset.sort ? Number(it.dataset.sort) : it.textContent) };
};
found.titles = titles;
found.down = sort("incumbent");
found.up = sort("incumbent");
found.names = sort("Solution");
const number = table.querySelector("td.number");
number.click();
found.popover = document.querySelector(".popover code")?.textContent;
found.expected = document.querySelector(
  `#command-${number.closest("tr").dataset.command} code`).textContent;
document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
found.closed = document.querySelector(".popover") === null;
found.tables = document.querySelectorAll("table").length;
found.captions = [...document.querySelectorAll("table")].filter((it) => it.caption).length;
found.plots = document.querySelectorAll("svg.plot").length;
found.sections = [...document.querySelectorAll("section")].map((it) => it.id);
found.fetched = performance.getEntriesByType("resource").map((it) => it.name);
found.width = innerWidth;
found.wide = document.documentElement.scrollWidth;
document.body.style.width = "360px";  // windows are never narrower than 500, phones are
found.narrow = document.body.scrollWidth;
found.dark = matchMedia("(prefers-color-scheme: dark)").matches;
found.background = getComputedStyle(document.body).backgroundColor;
found.ink = getComputedStyle(document.body).color;
found.broken = window.broken === 1;
found.results = JSON.parse(document.getElementById("feedback").textContent).results.length;
const pre = document.createElement("pre");
pre.id = "probe";
pre.textContent = JSON.stringify(found);
document.body.append(pre);
"""


def check(what, truth, seen=""):
    if not truth:
        sys.exit(f"report_test: not so: {what}: {seen}")


def find_chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


class Browser:
    def __init__(self, program, directory):
        self.program, self.directory = program, directory

    def run(self, page, size, *options):
        command = [self.program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                   "--disable-background-networking", "--no-first-run", "--mute-audio",
                   f"--user-data-dir={self.directory / 'profile'}",
                   "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=4000",
                   f"--window-size={size[0]},{size[1]}", *options, page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        check("Chromium ends well", done.returncode == 0, done.stderr[-2000:])
        return done.stdout

    def probe(self, page, size, *options):
        """What PROBE finds in a copy of the page whose policy lets PROBE run."""
        text = page.read_text(encoding="utf-8")
        text, policies = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        check("the page has one policy", policies == 1, policies)
        copy = page.with_name("probed_" + page.name)
        copy.write_text(text.replace("</body>", f"<script>{{{PROBE}}}</script></body>"),
                        encoding="utf-8")
        dump = self.run(copy, size, "--dump-dom", *options)
        match = re.search(r'<pre id="probe">(.*?)</pre>', dump, re.S)
        check("the probe ran to its end", match, dump[-500:])
        unescaped = match.group(1)
        for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u00a0"), ("&amp;", "&")):
            unescaped = unescaped.replace(entity, char)
        return json.loads(unescaped)


def make_report(fib, directory, name, *options):
    registry = directory / name
    shutil.rmtree(registry, ignore_errors=True)
    subprocess.run([sys.executable, HERE / "make_registry.py", registry, *options], check=True)
    page = directory / f"{name}.html"
    subprocess.run([fib, "report", "--registry", registry, "-o", page], check=True)
    return page


def check_sorting(found):
    down, up = found["down"], found["up"]
    numbers = [key for key in down["keys"] if not isinstance(key, str)]
    check("a click on numbers sorts them down", down["state"] == "descending", down)
    check("there are numbers", len(numbers) >= 3, down)
    check("they are sorted", numbers == sorted(numbers, reverse=True), numbers)
    check("missing numbers come last", down["keys"][:len(numbers)] == numbers, down)
    check("the second click turns the order",
          up["state"] == "ascending" and up["keys"][:len(numbers)] == sorted(numbers), up)
    check("names are sorted up", found["names"]["state"] == "ascending" and
          found["names"]["keys"] == sorted(found["names"]["keys"]), found["names"])
    check("one column is marked as sorted", found["names"]["others"] == 1, found["names"])


def check_page(found, width):
    check("all sections", {"saving", "candidates", "fast-p", "leaderboard", "commands"} <=
          set(found["sections"]), found["sections"])
    check("tables with captions", found["tables"] == found["captions"] >= 6, found)
    check("plots", found["plots"] >= 4, found)
    check("nothing was fetched", found["fetched"] == [], found["fetched"])
    check("the page is as wide as the screen",
          found["width"] == width and found["wide"] <= width, (found["width"], found["wide"]))
    check("it fits a narrow phone", found["narrow"] <= 360, found["narrow"])
    check("a click on a number shows its command", found["popover"] == found["expected"], found)
    check("Escape closes it", found["closed"])
    check_sorting(found)


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def check_contrast(found, dark):
    check("the scheme is what was asked for", found["dark"] == dark, found["dark"])
    back, ink = luminance(found["background"]), luminance(found["ink"])
    check("dark pages are dark", (back < 0.1) == dark, found["background"])
    ratio = (max(back, ink) + 0.05) / (min(back, ink) + 0.05)
    check("text can be read (contrast)", ratio >= 7, ratio)


def check_hostile(browser, fib, directory):
    page = make_report(fib, directory, "hostile", "--hostile")
    found = browser.probe(page, (1280, 900))
    check("no script of a name ran", not found["broken"])
    check("nothing was fetched", found["fetched"] == [], found["fetched"])
    check("its results are in the data", found["results"] == 28, found["results"])
    dump = browser.run(page, (1280, 900), "--dump-dom")
    check("no element of a name is in the page", "<img" not in dump)
    check("no script but the page's own", dump.count("<script") == 2, dump.count("<script"))


def main():
    fib, directory = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    program = find_chromium()
    if program is None:
        print("report_test: SKIPPED: no chromium on this machine (scripts/setup --dev installs it)")
        sys.exit(SKIPPED)
    directory.mkdir(parents=True, exist_ok=True)
    browser = Browser(program, directory.resolve())
    page = make_report(fib, directory.resolve(), "synthetic")
    dark = "--blink-settings=preferredColorScheme=0"
    for name, size, options in (("desktop", (1360, 900), ()), ("phone", (500, 900), ()),
                                ("dark", (1360, 900), (dark,))):
        found = browser.probe(page, size, *options)
        check_page(found, size[0])
        check_contrast(found, name == "dark")
        width = 390 if name == "phone" else size[0]
        browser.run(page, (width, 5000), *options, f"--screenshot={directory / (name + '.png')}")
    check_hostile(browser, fib, directory.resolve())
    print(f"report_test: all is well; screenshots in {directory}")


if __name__ == "__main__":
    main()
