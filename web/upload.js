/* upload: the queue of files on their way to the server. At most ACTIVE at once; small ones whole, larger ones resumable:
 * what the server has is asked and the rest is sent as one body. A lost network is waited for, longer each time. Where a
 * resumable upload stands is remembered in localStorage by folder, name, size and time of the file: who chooses the same
 * file again after a reload goes on where it stopped. page.js makes one queue; tray.js shows it. */
import * as api from "./api.js";
import { because } from "./words.js";

const ACTIVE = 3;
const WHOLE = 4 << 20; // below it, one request is cheaper than to be able to resume
const LONGEST_WAIT_MS = 30000;
const FORGET_AFTER_MS = 7 * 24 * 3600 * 1000; // as long as a server keeps what broke off (--keep-partials)
const MEMORY = "dray.uploads";
const ALIVE_MS = 5000; // a tab says so often that its uploads are its own
/* What may well work the next time, without anybody doing something about it; a network that is gone (0) is waited for
 * without end. */
const PASSING = new Set([408, 423, 429, 500, 502, 503, 504]);
const TRIES = 7; // more than half a minute

/* ---- what was begun, over reloads and in all tabs ---- */

function remembered() {
    try {
        const all = JSON.parse(localStorage.getItem(MEMORY) ?? "{}");
        return Object.fromEntries(Object.entries(all).filter(([, one]) => Date.now() - one.at < FORGET_AFTER_MS));
    } catch {
        return {}; // storage is shut, or somebody else's: then nothing is resumed after a reload
    }
}

function remember(mark, one) {
    const all = remembered();
    if (one)
        all[mark] = one;
    else
        delete all[mark];
    try {
        localStorage.setItem(MEMORY, JSON.stringify(all));
    } catch {
        // full or shut: the upload itself goes on
    }
}

/* Which tab this is, over reloads: what it left behind is its own at once, what another left is so when that one is
 * silent. */
function tabName() {
    const fresh = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
    try {
        const name = sessionStorage.getItem(MEMORY) ?? fresh;
        sessionStorage.setItem(MEMORY, name);
        return name;
    } catch {
        return fresh;
    }
}

const TAB = tabName();
const orphan = (one) => one.tab === TAB || Date.now() - one.at > 4 * ALIVE_MS;

const markOf = (item) => [item.folder, item.name, item.file.size, item.file.lastModified].join("|");

/* "a.txt", "a (2).txt", "a (3).txt" ... */
function another(name, n) {
    const dot = name.lastIndexOf(".");
    return dot > 0 ? `${name.slice(0, dot)} (${n})${name.slice(dot)}` : `${name} (${n})`;
}

export class Queue {
    #told; #next = 1; #running = 0; #last = 0;
    #folders = new Map(); #wake = new Set(); #rule = null; #asking = Promise.resolve();

    /* told: {changed(), stored(item), idle(), taken(item) -> {choice, all}} */
    constructor(told) {
        this.#told = told;
        this.items = [];
        addEventListener("online", () => this.#wake.forEach((wake) => wake()));
        setInterval(() => this.#alive(), ALIVE_MS);
    }

    /* found: [{file, path}] with path = the folders above the file, as chosen; null as file: an empty folder. */
    add(folder, found) {
        const unfinished = Object.values(remembered()).filter(orphan);
        const running = new Set(this.items.filter((item) => !item.over).map(markOf));
        for (const { file, path } of found) {
            if (!file) {
                this.#folder(folder, path).catch(() => {}); // a file in it will say why
                continue;
            }
            const target = folder + path.map((name) => `${encodeURIComponent(name)}/`).join("");
            const item = { id: this.#next++, file, base: folder, path, folder: target, name: file.name,
                           state: "waiting", sent: 0, proven: 0, tries: 0, over: false, upload: null, choice: null,
                           said: "" };
            const same = unfinished.filter((one) =>
                one.chosen === item.name && one.size === file.size && one.modified === file.lastModified);
            const known = same.find((one) => one.folder === target) ?? same[0]; // wherever the person is now
            if (known)
                Object.assign(item, { folder: known.folder, base: known.folder, path: [], name: known.name,
                                      upload: known.upload, choice: known.choice });
            if (running.has(markOf(item)))
                continue;
            running.add(markOf(item));
            this.items.push(item);
        }
        this.#told.changed();
        this.#pump();
    }

    /* What broke off before this page was loaded, and is not on its way again. */
    broken() {
        const running = new Set(this.items.filter((item) => !item.over).map(markOf));
        return Object.entries(remembered()).filter(([mark, one]) => orphan(one) && !running.has(mark))
            .map(([mark, one]) => ({ mark, ...one }));
    }

    forget(broken) {
        for (const one of broken) {
            remember(one.mark, null);
            api.giveUp(one.upload).catch(() => {}); // else it goes after its time
        }
    }

    get open() { return this.items.filter((item) => !item.over); }

    pause(item) {
        if (item.over || item.state === "paused")
            return;
        item.state = "paused";
        item.stop?.abort();
        this.#told.changed();
    }

    resume(item) {
        if (item.state !== "paused" && item.state !== "failed")
            return;
        Object.assign(item, { state: "waiting", tries: 0, over: false, said: "" });
        this.#told.changed();
        this.#pump();
    }

    cancel(item) {
        const stored = item.state === "sent";
        Object.assign(item, { state: stored ? "sent" : "canceled", over: true });
        item.stop?.abort();
        this.items = this.items.filter((one) => one !== item);
        if (!stored) {
            remember(markOf(item), null);
            if (item.upload)
                api.giveUp(item.upload).catch(() => {});
        }
        this.#told.changed();
        this.#pump();
    }

    clear() {
        this.items = this.open;
        this.#told.changed();
    }

    #alive() {
        const all = remembered();
        for (const mark of this.open.map(markOf))
            if (all[mark])
                remember(mark, { ...all[mark], tab: TAB, at: Date.now() });
        this.#told.changed();
    }

    /* ---- one after another ---- */

    #pump() {
        for (const item of this.items) {
            if (this.#running >= ACTIVE)
                return;
            if (item.state === "waiting" && !item.running)
                this.#run(item);
        }
    }

    async #run(item) {
        this.#running++;
        item.running = true;
        item.stop = new AbortController();
        item.state = "sending";
        try {
            await this.#until(item);
            this.#end(item, "sent");
            this.#told.stored(item);
        } catch (error) {
            if (error.name !== "AbortError")
                this.#end(item, "failed", because(error));
        }
        item.running = false;
        this.#running--;
        this.#told.changed();
        this.#pump(); // also this one: it may have been resumed while its connection was being ended
        if (!this.open.length) {
            this.#rule = null;
            this.#folders.clear();
            this.#told.idle();
        }
    }

    #end(item, state, said = "") {
        Object.assign(item, { state, said, over: true });
        if (state === "sent" || item.upload === null)
            remember(markOf(item), null);
        if (state === "sent")
            item.sent = item.file.size;
    }

    /* Tries until it is stored, or there is no point in trying. */
    async #until(item) {
        for (;;) {
            try {
                await this.#once(item);
                return;
            } catch (error) {
                if (!(error instanceof api.Refused))
                    throw error;
                if (error.status === 412)
                    await this.#taken(item);
                else if (error.status === 0 || (PASSING.has(error.status) && item.tries < TRIES))
                    await this.#wait(item);
                else
                    throw error;
            }
        }
    }

    async #once(item) {
        const { signal } = item.stop;
        if (item.file.size)
            await item.file.slice(0, 1).arrayBuffer(); // a file that is gone says so; later it looks like a lost network
        await this.#folder(item.base, item.path);
        signal.throwIfAborted();
        item.state = "sending";
        const moved = (from) => (bytes) => {
            item.sent = Math.min(item.file.size, from + bytes);
            this.#changed();
        };
        if (item.file.size < WHOLE && !item.upload) {
            await api.put(api.child(item.folder, item.name), item.file, item.choice !== "replace", moved(0), signal);
            return;
        }
        await this.#resumable(item, moved, signal);
    }

    async #resumable(item, moved, signal) {
        let from = 0;
        if (item.upload)
            from = await this.#offset(item, signal);
        if (from === item.file.size && item.stored)
            return;
        if (!item.upload) {
            item.upload = await api.begin(item.folder, item.name, item.file, item.choice !== "replace", signal);
            const { folder, name, upload, choice, file } = item;
            remember(markOf(item), { folder, name, chosen: file.name, upload, choice, size: file.size,
                                     modified: file.lastModified, tab: TAB, at: Date.now() });
        }
        if (from > item.proven)
            item.tries = 0; // bytes that left are no proof, bytes that arrived are
        item.proven = item.sent = from;
        this.#told.changed();
        try {
            await api.go(item.upload, from, item.file.slice(from), moved(from), signal);
        } catch (error) {
            if (error.status !== 409 && error.status !== 404 && error.status !== 410)
                throw error;
            if (++item.tries > 5)
                throw error;
            await this.#resumable(item, moved, signal); // the server has more or less than was thought: ask again
        }
    }

    /* How far it came. When the server does not know it, either it was stored and only the answer was lost, or it begins
     * anew. */
    async #offset(item, signal) {
        try {
            return await api.offset(item.upload, signal);
        } catch (error) {
            if (error.status !== 404 && error.status !== 410)
                throw error;
        }
        const all = item.sent === item.file.size;
        item.upload = null;
        remember(markOf(item), null);
        item.stored = all && await api.isThere(api.child(item.folder, item.name), item.file.size, signal);
        return item.stored ? item.file.size : 0;
    }

    /* Folders above a file, each asked for once, for all that wait for it: nobody's end is theirs. */
    #folder(base, path) {
        let before = Promise.resolve();
        let at = base;
        for (const name of path) {
            at += `${encodeURIComponent(name)}/`;
            const place = at;
            if (!this.#folders.has(place)) {
                const made = before.then(() => api.makeFolder(place)).catch((error) => {
                    if (error.status === 405)
                        return; // it is there
                    this.#folders.delete(place);
                    throw error;
                });
                made.catch(() => {}); // whoever waits for it hears of it
                this.#folders.set(place, made);
            }
            before = this.#folders.get(place);
        }
        return before;
    }

    /* The name is taken: asked once, one question at a time. */
    async #taken(item) {
        item.upload = null;
        remember(markOf(item), null);
        if (item.choice !== "both") {
            item.state = "exists";
            this.#told.changed();
            const turn = this.#asking.then(async () => {
                const said = this.#rule ?? await this.#told.taken(item);
                if (said.all)
                    this.#rule = said;
                return said.choice;
            });
            this.#asking = turn.catch(() => {});
            item.choice = await turn;
            item.wanted = item.name;
            item.copies = 1;
        }
        item.stop.signal.throwIfAborted();
        if (item.choice === "skip") {
            this.#end(item, "skipped");
            throw new DOMException("skipped", "AbortError");
        }
        if (item.choice === "both")
            item.name = another(item.wanted, ++item.copies);
        item.sent = 0;
    }

    #wait(item) {
        const { signal } = item.stop;
        signal.throwIfAborted();
        const ms = Math.min(LONGEST_WAIT_MS, 500 * 2 ** item.tries++);
        item.state = "offline";
        this.#told.changed();
        return new Promise((resolve, reject) => {
            const end = () => {
                clearTimeout(timer);
                this.#wake.delete(end);
                signal.removeEventListener("abort", end);
                if (signal.aborted)
                    reject(signal.reason);
                else
                    resolve();
            };
            const timer = setTimeout(end, ms * (0.75 + Math.random() / 2)); // not all tabs at once
            this.#wake.add(end);
            signal.addEventListener("abort", end);
        });
    }

    /* Progress comes hundreds of times a second. */
    #changed() {
        if (performance.now() - this.#last < 100)
            return;
        this.#last = performance.now();
        this.#told.changed();
    }
}

/* ---- what was dropped or chosen, as {file, path} ---- */

export const chosen = (files) => [...files].map((file) =>
    ({ file, path: file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(0, -1) : [] }));

const readAll = (reader) => new Promise((resolve, reject) => {
    const all = [];
    const more = () => reader.readEntries((some) => (some.length ? (all.push(...some), more()) : resolve(all)), reject);
    more();
});

async function walk(entry, path) {
    if (entry.isFile)
        return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path }];
    const below = [...path, entry.name];
    const found = [];
    for (const one of await readAll(entry.createReader()))
        found.push(...await walk(one, below));
    return found.length ? found : [{ file: null, path: below }];
}

/* The entries are taken before anything is waited for: after the event they are gone. */
export async function dropped(transfer) {
    const entries = [...transfer.items].filter((item) => item.kind === "file")
        .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
    const found = [];
    for (const entry of entries)
        found.push(...(entry instanceof File ? [{ file: entry, path: [] }] : await walk(entry, [])));
    return found;
}
