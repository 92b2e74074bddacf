/* tray: shows the queue of uploads: all of them in one bar, each of them in a line, as many lines as a person reads. Also
 * what broke off before the page was loaded. page.js makes one; it owns its elements and no upload. */
import { button, count, duration, el, icon, size, write } from "./dom.js";
import { confirm } from "./dialog.js";
import { t } from "./words.js";

const LINES = 40;
/* What a person wants to see first. */
const RANK = { exists: 0, sending: 1, offline: 1, failed: 2, paused: 3, waiting: 4, skipped: 5, sent: 6 };
const SPEED_MS = 5000;

const STATE = {
    waiting: () => t("waiting"),
    sending: (item) => (item.sent && item.sent === item.file.size ? t("finishing")
        : t("sending", size(item.sent), size(item.file.size))),
    offline: () => t("offline"),
    exists: () => t("exists"),
    paused: (item) => t("paused", size(item.sent), size(item.file.size)),
    failed: (item) => item.said,
    skipped: () => t("skipped"),
    sent: (item) => `${t("sent")} · ${size(item.file.size)}`,
};

const share = (part, all) => (all ? part / all : 1);

export class Tray {
    #queue; #lines = new Map(); #past = []; #timer = 0; #folded = false;

    /* choose(): the person picks files again for what broke off */
    constructor(queue, choose) {
        this.#queue = queue;
        this.title = el("h2", { id: "tray-title" });
        this.facts = el("span", { class: "facts" });
        this.bar = el("progress", { max: 1, value: 0, "aria-labelledby": "tray-title" });
        this.hold = button("pause", t("pauseAll"), () => this.#holdAll());
        this.end = button("close", t("cancelAll"), () => this.#endAll());
        this.fold = button("down", t("fold"), () => this.#fold(),
                           { "aria-expanded": "true", "aria-controls": "tray-lines" });
        this.lines = el("ul", { id: "tray-lines", tabindex: 0, "aria-labelledby": "tray-title" });
        this.rest = el("p", { class: "facts rest" });
        this.broken = el("div", { class: "broken", hidden: true }, el("p", {}),
            el("div", { class: "buttons" },
               button(null, t("forget"), () => { queue.forget(queue.broken()); this.show(); }, { shown: true }),
               button(null, t("choose"), choose, { shown: true, class: "button strong" })));
        this.work = el("div", { class: "work" },
            el("div", { class: "top" }, el("div", { class: "sum" }, this.title, this.facts), this.hold, this.fold, this.end),
            this.bar, this.lines, this.rest);
        this.box = el("section", { class: "tray", "aria-label": t("uploads"), hidden: true }, this.broken, this.work);
    }

    /* Something changed; drawn a few times a second at most. */
    show() {
        this.#timer ||= setTimeout(() => {
            this.#timer = 0;
            this.#draw();
        }, 120);
    }

    #draw() {
        const { items } = this.#queue;
        const broken = this.#queue.broken();
        this.broken.hidden = !broken.length;
        write(this.broken.firstChild, t("broken", count(broken.length)));
        this.work.hidden = !items.length;
        this.box.hidden = !items.length && !broken.length;
        if (!items.length) {
            this.#lines.clear();
            this.lines.replaceChildren();
            return;
        }
        this.#sum(items);
        const order = items.slice().sort((a, b) => RANK[a.state] - RANK[b.state]
                                                   || (a.state === "sent" ? b.id - a.id : a.id - b.id));
        this.#some(order.slice(0, LINES));
        write(this.rest, order.length > LINES ? t("moreItems", count(order.length - LINES)) : "");
    }

    /* The line of all. */
    #sum(items) {
        const open = items.filter((item) => !item.over);
        const counted = items.filter((item) => item.state !== "failed" && item.state !== "skipped");
        const bytes = counted.reduce((sum, item) => sum + item.file.size, 0);
        const sent = counted.reduce((sum, item) => sum + item.sent, 0);
        const done = items.filter((item) => item.state === "sent").length;
        const failed = items.filter((item) => item.state === "failed").length;
        const held = open.length > 0 && open.every((item) => item.state === "paused");
        const still = open.some((item) => item.state !== "paused");
        write(this.title, open.length ? t(held ? "uploadsPaused" : "uploading", count(done), count(items.length))
              : failed ? t("uploadsFailed", count(failed)) : t("uploadsDone", count(done)));
        this.bar.value = open.length ? share(sent, bytes) : 1;
        this.bar.hidden = !open.length;
        write(this.facts, open.length ? this.#speed(sent, bytes) : "");
        this.#turn(this.hold, still ? "pause" : "play", t(still ? "pauseAll" : "resumeAll"));
        this.hold.hidden = !open.length;
        this.#turn(this.end, "close", t(open.length ? "cancelAll" : "close"));
        this.box.classList.toggle("failed", failed > 0);
    }

    /* Of the last seconds: what a person feels as the speed. */
    #speed(sent, bytes) {
        const now = performance.now();
        this.#past = this.#past.filter(([at, before]) => now - at < SPEED_MS && before <= sent);
        this.#past.push([now, sent]);
        const [at, before] = this.#past[0];
        const rate = now - at > 400 ? (sent - before) / ((now - at) / 1000) : 0;
        const facts = [`${Math.floor(100 * share(sent, bytes))} %`];
        if (rate > 0)
            facts.push(`${size(rate)}/s`, t("left", duration((bytes - sent) / rate)));
        return facts.join(" · ");
    }

    #some(items) {
        const wanted = new Set(items.map((item) => item.id));
        for (const [id, line] of this.#lines)
            if (!wanted.has(id)) {
                line.box.remove();
                this.#lines.delete(id);
            }
        items.forEach((item, at) => {
            if (!this.#lines.has(item.id))
                this.#lines.set(item.id, this.#line(item));
            const line = this.#lines.get(item.id);
            this.#fill(line, item);
            if (this.lines.children[at] !== line.box)
                this.lines.insertBefore(line.box, this.lines.children[at] ?? null);
        });
    }

    #line(item) {
        const name = el("bdi", { class: "name" });
        const facts = el("span", { class: "facts" });
        const bar = el("progress", { max: 1, value: 0, "aria-label": item.name });
        const hold = button("pause", t("pause"), () =>
            (item.state === "paused" || item.state === "failed" ? this.#queue.resume(item) : this.#queue.pause(item)));
        const end = button("close", t("cancel"), () => this.#queue.cancel(item));
        const box = el("li", {}, el("div", { class: "sum" }, el("span", { class: "title" },
            item.path.map((part) => `${part}/`).join(""), name),
                                    bar, facts), hold, end);
        return { box, name, facts, bar, hold, end };
    }

    #fill({ box, name, facts, bar, hold, end }, item) {
        box.dataset.state = item.state;
        write(name, item.name);
        write(facts, STATE[item.state]?.(item) ?? "");
        bar.hidden = item.over || item.state === "waiting" || item.state === "exists";
        bar.value = share(item.sent, item.file.size);
        hold.hidden = ["sent", "skipped", "exists"].includes(item.state);
        const idle = item.state === "paused" || item.state === "failed";
        this.#turn(hold, item.state === "failed" ? "retry" : idle ? "play" : "pause",
                   `${t(item.state === "failed" ? "again" : idle ? "resume" : "pause")}: ${item.name}`);
        this.#turn(end, item.state === "sent" ? "done" : "close", `${t(item.over ? "close" : "cancel")}: ${item.name}`);
    }

    #turn(node, shape, label) {
        if (node.title === label)
            return;
        node.title = label;
        node.setAttribute("aria-label", label);
        node.firstChild.replaceWith(icon(shape));
    }

    #holdAll() {
        const still = this.#queue.open.some((item) => item.state !== "paused");
        for (const item of this.#queue.open)
            if (still)
                this.#queue.pause(item);
            else
                this.#queue.resume(item);
    }

    async #endAll() {
        const open = this.#queue.open;
        if (open.length && !await confirm(t("cancelAll"), t("cancelAllHow", count(open.length)), t("cancelAll")))
            return;
        for (const item of open)
            this.#queue.cancel(item);
        this.#queue.clear();
    }

    #fold() {
        this.#folded = !this.#folded;
        this.box.classList.toggle("folded", this.#folded);
        this.fold.setAttribute("aria-expanded", !this.#folded);
        this.#turn(this.fold, this.#folded ? "up" : "down", t(this.#folded ? "unfold" : "fold"));
    }
}
