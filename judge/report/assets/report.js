// SPDX-License-Identifier: Apache-2.0
// Sorts tables and shows the commands behind numbers. The page says everything without it.
"use strict";
(() => {
  /** What a cell sorts by: its number, null for a number that is not there, else its text. */
  const keyOf = (cell) => {
    if (!cell.classList.contains("number")) return cell.textContent;
    return cell.dataset.sort === undefined ? null : Number(cell.dataset.sort);
  };

  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });

  const sortBy = (table, column, descending) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return descending ? compare(b.key, a.key) : compare(a.key, b.key);
    });
    body.append(...rows.map((entry) => entry.row));
  };

  /** Numbers begin with the largest, names with the first. */
  const onTitle = (table, head) => {
    const now = head.getAttribute("aria-sort");
    const number = head.classList.contains("number");
    const descending = now === "none" ? number : now === "ascending";
    for (const other of table.tHead.rows[0].cells)
      if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    sortBy(table, head.cellIndex, descending);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.querySelectorAll("th[aria-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => onTitle(table, head));
      head.append(button);
    }
  }

  const copyButton = (text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "copied";
      } catch {
        button.textContent = "can't copy: select it";
      }
    });
    return button;
  };

  const commandText = (number) =>
    document.querySelector(`#command-${Number(number)} code`)?.textContent;

  for (const code of document.querySelectorAll(".commands code"))
    code.after(copyButton(code.textContent));

  for (const holder of document.querySelectorAll("[data-command]"))
    for (const place of holder.querySelectorAll(".number"))
      place.title = commandText(holder.dataset.command) ?? "";

  let popover = null;
  const close = () => {
    popover?.remove();
    popover = null;
  };

  const show = (place, text) => {
    close();
    popover = document.createElement("div");
    popover.className = "popover";
    popover.setAttribute("role", "status");
    const code = document.createElement("code");
    code.textContent = text;
    popover.append(code, copyButton(text));
    document.body.append(popover);
    const box = place.getBoundingClientRect();
    const right = document.documentElement.clientWidth - popover.offsetWidth - 8;
    popover.style.left = `${Math.max(8, Math.min(box.left, right)) + scrollX}px`;
    popover.style.top = `${box.bottom + scrollY + 4}px`;
  };

  document.addEventListener("click", (event) => {
    if (popover?.contains(event.target)) return;
    const place = event.target.closest("[data-command] .number");
    const text = place && commandText(place.closest("[data-command]").dataset.command);
    if (text) show(place, text);
    else close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
})();
