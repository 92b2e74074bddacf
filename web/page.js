/* page: takes the place of the server's plain list of a folder: reads where it is from the address, shows the folder, and
 * carries out what the person asks for. The state is here; every other module has a part of the work (api: the server,
 * list: rows, upload and tray: uploads, view: previews, dialog: questions). The server decides what is allowed; what it
 * says so is not offered. */
import * as api from "./api.js";
import { askLogin, askTaken, askText, confirm, menu, modal, note } from "./dialog.js";
import { button, count, el, icon, size, when, write } from "./dom.js";
import { shows } from "./kinds.js";
import { links } from "./links.js";
import { List, sorted } from "./list.js";
import { drawing, encode } from "./qr.js";
import { find } from "./search.js";
import { Tray } from "./tray.js";
import { chosen, dropped, Queue } from "./upload.js";
import { View } from "./view.js";
import { because, lang, t } from "./words.js";

const ZIP_ADDRESS = 6000; // bytes of an address that every server takes

const state = {
    path: "/", head: { rights: [], account: "" }, entries: [], sort: "name", direction: 1, filter: "",
    found: null,            // of a search below; null: the folder itself
    loading: null,          // AbortController of what is being read
    failure: null, cut: false,
};

const may = (right) => state.head.rights.includes(right);
const canRead = () => may("read");
const linked = () => state.path.startsWith("/.dray-drop/"); // it is a stranger's, who has the address
const canChange = (entry) => (entry.rights ?? state.head.rights).includes("write");

/* ---- elements ---- */

const crumbs = el("nav", { class: "crumbs", "aria-label": t("path") });
const who = el("span", { class: "who" });
const log = button("person", t("login"), () => (state.head.account ? logout() : login()),
    { shown: true, class: "button bare log" });
const filter = el("input", { type: "search", class: "filter", placeholder: t("filter"), "aria-label": t("filter"),
                             autocomplete: "off", spellcheck: "false", "aria-controls": "files",
                             oninput: () => filterBy(filter.value), onkeydown: (event) => filterKey(event) });
const below = button("search", t("below"), () => searchBelow(), { shown: true });
const make = button("plus", t("newFolder"), () => newFolder(), { shown: true });
const up = button("upload", t("upload"), () => uploadMenu(), { shown: true, class: "button strong",
    "aria-haspopup": "menu" });
const tools = el("div", { class: "tools", role: "search" }, el("div", { class: "find" }, icon("search"), filter), below,
                 el("span", { class: "gap" }), make, up);
const picked = el("strong", {});
const zipPicked = button("download", t("download"), () => download(list.chosen), { shown: true });
const binPicked = button("bin", t("delete"), () => remove(list.chosen), { shown: true, class: "button harm" });
const choice = el("div", { class: "tools choice", hidden: true }, picked, el("span", { class: "gap" }), zipPicked, binPicked,
                  button("close", t("clear"), () => { list.unchoose(); list.focus(); }));
const list = new List({ open, menu: entryMenu, chosen: choiceChanged, sort: sortBy });
const place = el("div", { class: "place" });
const sum = el("p", { class: "sum", role: "status" });
const all = el("a", { class: "button bare", href: "?zip" }, icon("download"),
               el("span", { class: "label" }, t("downloadAll")));
const files = el("input", { type: "file", multiple: true, hidden: true, onchange: () => pickedFiles(files) });
const folder = el("input", { type: "file", webkitdirectory: true, hidden: true, onchange: () => pickedFiles(folder) });
const veil = el("div", { class: "veil", hidden: true }, icon("upload"), el("p", {}));
const keys = button(null, t("keys"), () => showKeys(), { shown: true, class: "button bare keys" });
const main = el("main", {}, el("h1", { class: "unseen" }), tools, choice, list.grid, place,
                el("footer", {}, sum, keys, all));

const view = new View(viewing);
const queue = new Queue({ changed: () => tray.show(), stored, idle: () => load(state.path, true), taken: (item) =>
    askTaken(item.name, may("write")) });
const tray = new Tray(queue, () => files.click());

/* ---- showing ---- */

/* What is shown: filtered and sorted. */
function rows() {
    const word = state.filter.toLowerCase();
    const from = state.found ?? state.entries;
    return sorted(state.found || !word ? from.slice() : from.filter((entry) => entry.key.includes(word)), state.sort,
        state.direction);
}

let shown = [];
let cost = 0;
let timer = 0;

function show() {
    const begin = performance.now();
    shown = rows();
    list.show(shown);
    list.sort(state.sort, state.direction);
    list.label(t("files", title()));
    foot();
    empty();
    tools.querySelector(".find").hidden = !canRead();
    below.hidden = !state.filter || Boolean(state.found);
    all.hidden = !canRead() || !state.entries.length || !state.head.zip;
    all.href = api.zip(state.path, []);
    make.hidden = !canRead() || !may("add");
    up.hidden = !may("add");
    write(who, state.head.account ? t("loggedIn", state.head.account) : "");
    log.hidden = !state.head.account && state.head.login === false;
    log.lastChild.textContent = log.ariaLabel = t(state.head.account ? "logout" : "login");
    cost = performance.now() - begin;
}

/* While names arrive: not more often than a tenth of the time. */
function showSoon() {
    timer ||= setTimeout(() => {
        timer = 0;
        show();
    }, Math.max(60, 10 * cost));
}

const title = () => (linked() ? t("dropTitle") : state.path === "/" ? t("home") : api.last(state.path));

function foot() {
    const bytes = shown.reduce((total, entry) => total + entry.size, 0);
    const parts = [state.found ? state.progress : List.sum(shown.length, state.entries.length), bytes ? size(bytes) : null,
                   state.cut ? t("cut") : null];
    write(sum, state.loading && !state.found && !state.entries.length ? t("loading")
          : state.failure || !canRead() ? "" : parts.filter(Boolean).join(" · "));
}

const message = (shape, head, text, ...actions) => el("div", { class: "state" }, icon(shape), el("h2", {}, head),
    el("p", {}, text), actions);

/* Instead of rows: why there are none, and what to do. */
function empty() {
    const what = state.failure ? failure() : !canRead() && may("add") ? message("upload", t("dropTitle"),
            t("dropHow") + (state.head.until ? ` ${t("linkUntil", when(state.head.until))}` : ""),
            button("upload", t("uploadFiles"), () => files.click(), { shown: true, class: "button strong" }))
        : shown.length || state.loading ? null
        : state.found ? message("search", t("noMatchBelow", state.filter), "")
        : state.filter ? message("search", t("noMatch", state.filter), t("noMatchHow"))
        : message("folder", t("empty"), may("add") ? t("emptyAdd") : "");
    place.replaceChildren(...(what ? [what] : []));
    place.hidden = !what;
    list.grid.hidden = Boolean(what);
}

function failure() {
    const { status } = state.failure;
    const again = button("retry", t("again"), () => load(state.path), { shown: true });
    const above = api.parent(state.path);
    const home = el("a", { class: "button", href: above, onclick: (event) => follow(event, above) },
                    icon("up"), t("parent"));
    const enter = state.head.login === false || state.head.account ? null
        : button("person", t("login"), login, { shown: true, class: "button strong" });
    if (linked() && status)
        return message("link", t("linkGone"), t("linkGoneHow"), again);
    if (status === 404)
        return message("folder", t("folderGone"), t("folderGoneHow"), state.path === "/" ? again : home, enter);
    if (status === 401 || status === 403)
        return message("person", t("folderShut"), enter ? t("folderShutHow") : "", enter, state.path === "/" ? null : home);
    return message("warn", status ? t("errorElse", status) : t("noServer"), status ? "" : t("noServerHow"), again);
}

function path() {
    const parts = state.path.split("/").slice(1, -1);
    const links = ["/", ...parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}/`)];
    crumbs.replaceChildren(el("ol", {}, links.map((to, at) => el("li", {}, at === parts.length
        ? el("span", { "aria-current": "page" }, at ? null : icon("home"), at ? el("bdi", {}, api.last(to)) : t("home"))
        : el("a", { href: to, onclick: (event) => follow(event, to) }, at ? null : icon("home"),
             at ? el("bdi", {}, api.last(to)) : t("home"))))));
    crumbs.hidden = linked();
    crumbs.scrollLeft = crumbs.scrollWidth;
    document.title = `${title()} – dray`;
    write(main.querySelector("h1"), title());
}

/* ---- going somewhere ---- */

const plain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

function follow(event, to) {
    if (!plain(event))
        return;
    event.preventDefault();
    go(to);
}

function go(to) {
    history.pushState(null, "", to);
    arrive();
}

/* Where the address says. */
async function arrive() {
    const here = location.pathname.replace(/\/{2,}/g, "/"); // "//host/" would be another server
    const to = here.endsWith("/") ? here : api.parent(here);
    if (to !== state.path || !state.entries.length) {
        const from = state.path;
        state.filter = filter.value = "";
        state.path = to;
        list.clear();
        path();
        await load(to);
        if (state.path !== to)
            return;
        list.focus(from.startsWith(to) && from !== to ? to + from.slice(to.length).split("/")[0] + "/" : undefined);
    }
    const wanted = state.entries.find((entry) => `#${encodeURIComponent(entry.name)}` === location.hash);
    if (wanted && shows(wanted))
        view.open(wanted, shown);
    else
        view.close();
}

/* quiet: what is shown stays until the new list is whole. */
async function load(to, quiet = false) {
    const stop = new AbortController();
    state.loading?.abort();
    state.loading = stop;
    const fresh = [];
    if (!quiet)
        Object.assign(state, { entries: fresh, found: null, failure: null, cut: false });
    show();
    try {
        let cut = false;
        for await (const part of api.listing(to, stop.signal)) {
            state.head = part.head ?? state.head;
            cut ||= Boolean(part.cut);
            fresh.push(...(part.entries ?? []));
            if (!quiet)
                showSoon();
        }
        Object.assign(state, { entries: fresh, failure: null, cut });
    } catch (error) {
        if (stop.signal.aborted)
            return;
        if (quiet && !error.status)
            return void (state.loading = null);
        Object.assign(state, { failure: error, entries: [], head: { ...state.head, rights: [] } });
    }
    if (stop.signal.aborted)
        return;
    state.loading = null;
    clearTimeout(timer);
    timer = 0;
    show();
}

function open(entry, event) {
    if (event.type === "click" && !plain(event))
        return;
    if (entry.folder) {
        event.preventDefault();
        go(entry.url);
    } else if (shows(entry)) {
        event.preventDefault();
        view.open(entry, shown);
    } else {
        event.preventDefault();
        fetchFile(entry);
    }
}

/* What is looked at stands in the address, and the way back closes it: that is what a phone's button does. */
function viewing(entry, first) {
    const hash = entry ? `#${encodeURIComponent(inside(entry))}` : "";
    if (entry && first && location.hash !== hash)
        history.pushState({ view: true }, "", hash);
    else if (entry)
        history.replaceState(history.state, "", hash);
    else if (history.state?.view)
        history.back();
    else if (location.hash)
        history.replaceState(null, "", location.pathname);
}

/* ---- finding ---- */

function filterBy(word) {
    state.filter = word;
    if (state.found) {
        state.loading?.abort();
        Object.assign(state, { found: null, loading: null });
    }
    show();
}

function filterKey(event) {
    if (event.key === "Escape" && filter.value) {
        event.preventDefault();
        filter.value = "";
        filterBy("");
    } else if (event.key === "ArrowDown" || (event.key === "Enter" && shown.length)) {
        event.preventDefault();
        list.focus(list.current ? undefined : shown[0]?.url);
    } else if (event.key === "Enter" && state.filter) {
        searchBelow();
    }
}

function sortBy(key, direction) {
    Object.assign(state, { sort: key, direction });
    show();
}

async function searchBelow() {
    const stop = new AbortController();
    state.loading?.abort();
    Object.assign(state, { loading: stop, found: [] });
    const said = (key, { folders, failed, much }) => {
        state.progress = [t(key, count(folders), count(state.found.length)), failed ? t("searchPart", count(failed)) : null,
                          much ? t("searchMuch") : null].filter(Boolean).join(" · ");
    };
    for await (const step of find(state.path, state.filter, stop.signal)) {
        if (stop.signal.aborted)
            return;
        state.found.push(...step.entries);
        said("searching", step);
        showSoon();
        if (step.end)
            said("searched", step);
    }
    if (stop.signal.aborted)
        return;
    state.loading = null;
    show();
}

/* ---- files ---- */

function fetchFile(entry) {
    const link = el("a", { href: entry.url, download: entry.name });
    document.body.append(link);
    link.click();
    link.remove();
}

const inside = (entry) => entry.under + entry.name;

function download(entries) {
    if (!state.head.zip || (entries.length === 1 && !entries[0].folder))
        return entries.forEach(fetchFile);
    if (entries.length === 1)
        return fetchFile({ url: api.zip(entries[0].url, []), name: `${entries[0].name}.zip` });
    const whole = !state.found && entries.length === state.entries.length;
    const address = api.zip(state.path, whole ? [] : entries.map(inside));
    if (address.length > ZIP_ADDRESS)
        return note(t("zipLong"), true);
    fetchFile({ url: address, name: `${state.path === "/" ? "files" : title()}.zip` });
}

async function remove(entries) {
    const one = entries.length === 1;
    const sure = await confirm(one ? t("deleteOne", inside(entries[0])) : t("deleteMany", count(entries.length)),
                               t(entries.some((entry) => entry.folder) ? "deleteFolders" : "deleteHow"), t("delete"));
    if (!sure)
        return;
    let gone = 0;
    for (const entry of entries) {
        try {
            await api.remove(entry, () => write(sum, t("deleting", count(++gone))));
        } catch (error) {
            note(t("failed", entry.name, because(error)), true);
            if (!error.status)
                break; // the network is gone: the others would say the same
        }
    }
    if (gone)
        note(t("deleted", count(gone)));
    if (state.found)
        filterBy(filter.value = "");
    await load(state.path, true);
    list.focus();
}

const badName = (name) => (name.trim() === "" || name === "." || name === ".." || name.includes("/") ? t("nameBad") : null);
const taken = (error, name) => (error.status === 412 || error.status === 405 ? t("nameTaken", name) : because(error));

async function rename(entry) {
    const folder = api.parent(entry.url);
    const to = (name) => api.child(folder, name) + (entry.folder ? "/" : "");
    const dot = entry.folder ? -1 : entry.name.lastIndexOf(".");
    const name = await askText(t("renameTo", entry.name), { value: entry.name, mark: dot > 0 ? dot : entry.name.length,
        yes: t("rename"),
        check: badName, act: (name) => name !== entry.name && api.move(entry.url, to(name)), says: taken });
    if (name === undefined || name === entry.name)
        return;
    note(t("renamed", name));
    await load(state.path, true);
    list.focus(to(name));
}

async function newFolder() {
    const to = (name) => `${api.child(state.path, name)}/`;
    const name = await askText(t("newName"), { yes: t("create"), check: badName, act: (name) => api.makeFolder(to(name)),
        says: taken });
    if (name === undefined)
        return;
    note(t("made", name));
    await load(state.path, true);
    list.focus(to(name));
}

/* The clipboard is there on https and on this machine only; else the person copies from a field. */
async function copyLink(url) {
    try {
        await navigator.clipboard.writeText(url);
        note(t("copied"));
    } catch {
        await share(url);
    }
}

const share = (url) => modal(t("share"), () => {
    const field = el("input", { type: "text", readonly: true, value: url, "aria-label": t("copyHow"), autofocus: true,
                                onfocus: () => field.select() });
    const code = encode(url);
    const copy = button("link", t("copyLink"), () => {
        field.select();
        if (document.execCommand("copy"))
            note(t("copied"));
    }, { shown: true });
    return el("div", { class: "share" }, code ? drawing(code, t("qr")) : el("p", {}, t("qrLong")), field,
        el("div", { class: "buttons" }, copy));
}, "small");

const absolute = (url) => new URL(url, location.origin).href;

function entryMenu(entry, anchor) {
    const url = absolute(entry.url);
    menu(anchor, [
        entry.folder || shows(entry) ? { icon: entry.folder ? "folder" : "file", label: t("open"), act: () =>
            (entry.folder ? go(entry.url) : view.open(entry, shown)) } : null,
        !entry.folder || state.head.zip ? { icon: "download", label: t(entry.folder ? "downloadZip" : "download"),
                                            act: () => download([entry]) } : null,
        { icon: "link", label: t("copyLink"), act: () => copyLink(url) },
        { icon: "qr", label: t("qr"), act: () => share(url) },
        canChange(entry) ? { icon: "pen", label: t("rename"), act: () => rename(entry) } : null,
        canChange(entry) ? { icon: "bin", label: t("delete"), act: () => remove([entry]), harm: true } : null,
    ]);
}

function choiceChanged() {
    const entries = list.chosen;
    choice.hidden = !entries.length;
    tools.hidden = entries.length > 0;
    write(picked, t("chosen", count(entries.length)));
    zipPicked.hidden = !state.head.zip && entries.some((entry) => entry.folder);
    binPicked.hidden = !entries.every(canChange);
}

/* ---- uploads ---- */

function uploadMenu() {
    menu(up, [{ icon: "file", label: t("uploadFiles"), act: () => files.click() },
              "webkitdirectory" in folder
                  ? { icon: "folder", label: t("uploadFolder"), act: () => folder.click() } : null,
              state.head.account ? { icon: "link", label: t("dropLink"), act: () =>
                  links(state.path, (url) => share(absolute(url))) } : null]);
}

function add(found) {
    queue.add(state.path, found);
    if (found.some(({ file }) => !file))
        setTimeout(() => load(state.path, true), 500); // empty folders are no uploads, so no end of one tells of them
}

function pickedFiles(input) {
    add(chosen(input.files));
    input.value = ""; // the same file may be chosen again
}

/* Shown at once; the list is read again when all are there. */
function stored(item) {
    if (item.folder !== state.path || !canRead())
        return;
    const url = api.child(item.folder, item.name);
    const entry = { name: item.name, folder: false, size: item.file.size, mtime: Date.now() / 1000, url, under: "",
                    key: item.name.toLowerCase() };
    state.entries = [...state.entries.filter((one) => one.url !== url), entry];
    showSoon();
}

let over = 0;

function drag(event) {
    if (![...event.dataTransfer.types].includes("Files"))
        return;
    event.preventDefault();
    event.dataTransfer.dropEffect = may("add") ? "copy" : "none";
    write(veil.lastChild, may("add") ? t("dropHere", title()) : t("dropNot"));
    veil.hidden = false;
    clearTimeout(over);
    over = setTimeout(() => { veil.hidden = true; }, 400); // dragover comes all the time; leaving is told unreliably
}

async function drop(event) {
    if (![...event.dataTransfer.types].includes("Files"))
        return;
    event.preventDefault();
    clearTimeout(over);
    veil.hidden = true;
    if (!may("add"))
        return note(t("dropNot"), true);
    try {
        add(await dropped(event.dataTransfer));
    } catch (error) {
        note(because(error), true);
    }
}

/* ---- who it is ---- */

const loginFailed = (error) => (error.status === 401 ? t("loginWrong")
    : error.status === 403 || error.status === 429 ? t("loginLater") : because(error));

async function login() {
    if (await askLogin(api.login, loginFailed))
        await load(state.path);
}

async function logout() {
    try {
        await api.logout();
    } catch (error) {
        note(because(error), true);
    }
    await load(state.path);
}

/* ---- keys of the whole page; those of the list are its own ---- */

const KEYS = {
    "/": () => filter.focus(),
    Backspace: () => state.path !== "/" && go(api.parent(state.path)),
    F2: () => list.subject.length === 1 && canChange(list.subject[0]) && rename(list.subject[0]),
    Delete: () => list.subject.length && list.subject.every(canChange) && remove(list.subject),
};

const showKeys = () => modal(t("keys"), () =>
    el("ul", { class: "keys" }, t("keysList").split(" · ").map((line) => el("li", {}, line))));

function key(event) {
    const typing = /^(INPUT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], :popover-open")
        || !KEYS[event.key])
        return;
    event.preventDefault();
    KEYS[event.key]();
}

function start() {
    document.documentElement.lang = lang;
    const address = button("qr", t("share"), () => share(location.href));
    document.body.replaceChildren(el("a", { class: "skip", href: "#files", onclick: (event) => {
        event.preventDefault();
        list.focus();
    } }, t("skipTo")), el("header", {}, el("a", { class: "brand", href: "/", onclick: (event) => follow(event, "/") },
        "dray"), crumbs,
                           el("span", { class: "gap" }), who, address, log), main, tray.box, veil, files, folder);
    document.body.className = "page";
    addEventListener("popstate", arrive);
    addEventListener("keydown", key);
    addEventListener("dragover", drag);
    addEventListener("drop", drop);
    addEventListener("beforeunload", (event) => queue.open.length && event.preventDefault());
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden && !state.loading && !state.found && !queue.open.length)
            load(state.path, true);
    });
    state.path = ""; // nothing is shown yet
    tray.show();
    arrive();
}

start();
