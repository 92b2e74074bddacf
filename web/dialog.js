/* dialog: questions, menus and notes. Dialogs are <dialog>, so the browser keeps the focus inside and Escape closes them;
 * a menu is a popover. Each gives the focus back to where it was. */
import { button, el, icon, write } from "./dom.js";
import { t } from "./words.js";

let labels = 0;

/* Shows a modal dialog with these children; resolves with what done(value) was given, or undefined when it was closed. */
export function modal(title, build, kind = "") {
    return new Promise((resolve) => {
        const before = document.activeElement;
        const id = `title${++labels}`;
        let outcome;
        const done = (value) => {
            outcome = value;
            box.close();
        };
        const box = el("dialog", { class: `box ${kind}`, "aria-labelledby": id },
            el("div", { class: "top" }, el("h2", { id }, title), button("close", t("close"), () => box.close())),
            build(done));
        box.addEventListener("close", () => {
            box.remove();
            before?.focus?.();
            resolve(outcome);
        });
        box.addEventListener("click", (event) => event.target === box && box.close()); // beside it
        document.body.append(box);
        box.showModal();
        box.querySelector("[autofocus]")?.focus();
    });
}

const buttons = (...all) => el("div", { class: "buttons" }, all);

/* Yes or no; the button says what happens, and is not the one that Enter hits by chance when it destroys. */
export const confirm = (title, text, yes, harm = true) => modal(title, (done) => el("form", { method: "dialog" },
    el("p", {}, text),
    buttons(el("button", { type: "button", class: "button", onclick: () => done(false), autofocus: harm }, t("cancel")),
            el("button", { type: "button", class: `button ${harm ? "harm" : "strong"}`, onclick: () => done(true) }, yes))),
    "small");

/* A line of text. check(text) gives a sentence when it will not do; act(text) does it, and what it throws is said below
 * the field. The first `mark` characters are marked, so that an ending survives. */
export const askText = (title, { value = "", mark = value.length, yes, check, act, says }) => modal(title, (done) => {
    const field = el("input", { type: "text", value, autofocus: true, "aria-label": title, autocomplete: "off",
                                spellcheck: "false", "aria-describedby": "wrong" });
    const wrong = el("p", { class: "wrong", id: "wrong", role: "alert" });
    const submit = async (event) => {
        event.preventDefault();
        const bad = check(field.value);
        write(wrong, bad ?? "");
        if (bad)
            return;
        try {
            await act(field.value);
            done(field.value);
        } catch (error) {
            write(wrong, says(error, field.value));
            field.focus();
        }
    };
    field.addEventListener("focus", () => field.setSelectionRange(0, mark), { once: true });
    return el("form", { onsubmit: submit }, field, wrong,
        buttons(el("button", { type: "button", class: "button", onclick: () => done() }, t("cancel")),
                el("button", { type: "submit", class: "button strong" }, yes)));
}, "small");

/* Name and password; act(name, password) as above. */
export const askLogin = (act, says) => modal(t("login"), (done) => {
    const name = el("input", { type: "text", name: "name", autocomplete: "username", autocapitalize: "none", required: true,
                               autofocus: true });
    const password = el("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
    const wrong = el("p", { class: "wrong", role: "alert" });
    const submit = async (event) => {
        event.preventDefault();
        try {
            await act(name.value, password.value);
            done(true);
        } catch (error) {
            write(wrong, says(error));
            password.select();
        }
    };
    return el("form", { onsubmit: submit },
        el("label", {}, t("account"), name), el("label", {}, t("password"), password), wrong,
        buttons(el("button", { type: "button", class: "button", onclick: () => done() }, t("cancel")),
                el("button", { type: "submit", class: "button strong" }, t("login"))));
}, "small");

/* A file of that name is there: resolves with {choice: "replace" | "both" | "skip", all}; closing it skips. */
export async function askTaken(name, mayReplace) {
    const all = el("input", { type: "checkbox" });
    const choice = await modal(t("takenTitle", name), (done) => el("div", {},
        el("p", {}, t("takenHow")),
        el("label", { class: "inline" }, all, t("forAll")),
        buttons(el("button", { type: "button", class: "button", onclick: () => done("skip") }, t("skip")),
                mayReplace ? el("button", { type: "button", class: "button harm", onclick: () => done("replace") },
                                t("replace")) : null,
                el("button", { type: "button", class: "button strong", onclick: () => done("both"), autofocus: true },
                   t("keepBoth")))), "small");
    return { choice: choice ?? "skip", all: all.checked };
}

/* items: [{icon, label, act, href, download, harm}], null ones left out. */
export function menu(anchor, items) {
    const shut = () => box.isConnected && box.hidePopover();
    const lines = items.filter(Boolean).map((item) => el(item.href ? "a" : "button", {
        type: item.href ? null : "button", role: "menuitem", tabindex: -1, class: item.harm ? "harm" : null, href: item.href,
        download: item.download,
        onclick: () => {
            shut();
            item.act?.();
        } }, icon(item.icon), item.label));
    const step = { ArrowDown: 1, ArrowUp: -1 };
    const box = el("div", { class: "menu", role: "menu", popover: "auto", onkeydown: (event) => {
        const at = lines.indexOf(document.activeElement);
        const to = event.key in step ? at + step[event.key] : event.key === "Home" ? 0 : event.key === "End" ? -1 : null;
        if (event.key === "Tab")
            shut();
        if (to === null)
            return;
        event.preventDefault();
        lines.at(to % lines.length).focus();
    } }, lines);
    const before = document.activeElement;
    box.addEventListener("toggle", (event) => {
        if (event.newState !== "closed")
            return;
        if (box.contains(document.activeElement) || document.activeElement === document.body)
            before?.focus?.();
        box.remove();
    });
    document.body.append(box);
    box.showPopover();
    place(box, anchor.getBoundingClientRect());
    lines[0].focus();
}

/* Below its anchor, inside of the window. */
function place(box, at) {
    const room = 8;
    const left = Math.min(Math.max(room, at.right - box.offsetWidth), innerWidth - box.offsetWidth - room);
    const below = at.bottom + box.offsetHeight + room < innerHeight;
    box.style.left = `${left}px`;
    box.style.top = `${below ? at.bottom + 2 : Math.max(room, at.top - box.offsetHeight - 2)}px`;
}

const notes = el("div", { class: "notes", role: "status", "aria-live": "polite" });

/* A sentence that goes by itself; a failure stays until it was read. */
export function note(text, failure = false) {
    const one = el("div", { class: failure ? "note bad" : "note" }, icon(failure ? "warn" : "done"), el("span", {}, text),
                   button("close", t("close"), () => one.remove()));
    if (!notes.isConnected)
        document.body.append(notes);
    notes.append(one);
    while (notes.childElementCount > 4)
        notes.firstChild.remove();
    setTimeout(() => one.remove(), failure ? 30000 : 5000);
}
