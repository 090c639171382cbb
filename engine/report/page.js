"use strict";
(() => {
  const groups = [...document.querySelectorAll("article[data-group]")];
  const by = (id) => document.getElementById(id);
  const parent = by("groups");

  const show = () => {
    const words = by("search").value.trim().toLowerCase();
    const action = by("action").value;
    const kind = by("kind").value;
    const unsure = by("unsure").checked;
    let shown = 0;
    for (const group of groups) {
      const fits =
        (!words || group.dataset.words.includes(words)) &&
        (!action || group.dataset.actions.split(" ").includes(action)) &&
        (!kind || group.dataset.kind === kind) &&
        (!unsure || Number(group.dataset.sure) < 0.9);
      group.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    by("shown").textContent = `${shown} of ${groups.length} shown`;
  };

  const sort = () => {
    const [what, way] = by("sort").value.split(" ");
    const sign = way === "up" ? 1 : -1;
    const key = (group) => (what === "path" ? group.dataset.path : Number(group.dataset[what]));
    const order = [...groups].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return sign * (x < y ? -1 : x > y ? 1 : 0);
    });
    parent.append(...order);
  };

  const asked = JSON.parse(document.body.dataset.asked);
  const tell = () => {
    const overrides = {};
    for (const pick of document.querySelectorAll("input[data-keeper]:checked")) {
      if (!pick.defaultChecked) overrides[pick.dataset.group] = pick.dataset.keeper;
    }
    const kept = new Set(Object.values(overrides));
    const exclude = [...document.querySelectorAll("input[data-file]:not(:checked)")]
      .map((box) => box.dataset.file)
      .filter((file) => !kept.has(file));
    for (const box of document.querySelectorAll("input[data-file]")) {
      box.closest(".file").classList.toggle("off", !box.checked);
    }
    const count = exclude.length + Object.keys(overrides).length;
    by("changes").hidden = count === 0;
    if (count === 0) return;
    const wanted = { ...asked };
    if (exclude.length) wanted.exclude = [...new Set([...(asked.exclude || []), ...exclude])];
    if (Object.keys(overrides).length) {
      wanted.overrides = { ...(asked.overrides || {}), ...overrides };
    }
    by("count").textContent = count === 1 ? "1 change" : `${count} changes`;
    by("json").value = JSON.stringify(wanted);
  };

  for (const id of ["search", "action", "kind", "unsure"]) by(id).addEventListener("input", show);
  by("sort").addEventListener("input", sort);
  document.addEventListener("change", tell);
  by("copy").addEventListener("click", async () => {
    by("json").select();
    try {
      await navigator.clipboard.writeText(by("json").value);
    } catch {
      document.execCommand("copy");
    }
    by("copy").textContent = "Copied";
  });
  by("reset").addEventListener("click", () => {
    for (const input of document.querySelectorAll("#groups input")) {
      input.checked = input.defaultChecked;
    }
    tell();
  });
  by("tools").hidden = false;
  for (const choice of document.querySelectorAll(".choice")) choice.hidden = false;
  show();
  tell();
})();
