/* api: everything that is said to the server, and nothing else. Paths are what stands in the address bar:
 * percent-encoded, folders with a slash at the end. What is refused, or never answered (status 0), is thrown as Refused;
 * what was ended by its signal as AbortError. Uploads are tus 1.0 (core, creation, termination) at the address of the
 * folder. */

export class Refused extends Error {
    constructor(status) {
        super(`status ${status}`);
        this.status = status;
    }
}

const OWN = "/.well-known/dray/";
const TUS = { "Tus-Resumable": "1.0.0" };

export const child = (folder, name) => folder + encodeURIComponent(name);

/* As a person reads it; bytes that are no UTF-8 stay as they are written. */
export function readable(path) {
    try {
        return decodeURIComponent(path);
    } catch {
        return path;
    }
}

export const parent = (path) => path.replace(/[^/]+\/?$/, "");
export const last = (path) => readable(/([^/]*)\/?$/.exec(path)[1]);

async function ask(method, url, { headers = {}, body, signal, accept = [] } = {}) {
    let answer;
    try {
        answer = await fetch(url,
            { method, headers: { Accept: "application/json", ...headers }, body, signal, cache: "no-store" });
    } catch (error) {
        throw error.name === "AbortError" ? error : new Refused(0);
    }
    if (!answer.ok && !accept.includes(answer.status)) {
        answer.body?.cancel();
        throw new Refused(answer.status);
    }
    return answer;
}

/* Lines of JSON as they arrive, each piece of the network at once. */
async function* lines(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    try {
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
            const whole = (rest + piece.value).split("\n");
            rest = whole.pop();
            yield whole.filter(Boolean).map((line) => JSON.parse(line));
        }
    } finally {
        reader.cancel().catch(() => {}); // who stops listening lets the server stop, too
    }
}

/* An entry as the page keeps it: with its address, and lower case for the filter. */
function entryOf(folder, row) {
    const at = folder + (row.href ?? encodeURIComponent(row.name)) + (row.folder ? "/" : "");
    return { ...row, size: row.folder ? 0 : Number(row.size) || 0, url: at, under: "", key: row.name.toLowerCase() };
}

/* Yields {head} first, then {entries: [...]}; {cut: true} at the end of a list that broke off. */
export async function* listing(folder, signal) {
    const answer = await ask("GET", `${folder}?json`, { signal });
    let ended = false;
    let head = null;
    try {
        for await (const rows of lines(answer.body)) {
            if (!head && rows.length) {
                head = rows.shift();
                if (!Array.isArray(head?.rights))
                    throw new Refused(0);
                yield { head };
            }
            ended ||= rows.some((row) => "end" in row);
            const entries = rows.filter((row) => typeof row.name === "string").map((row) => entryOf(folder, row));
            if (entries.length)
                yield { entries };
        }
    } catch (error) {
        if (error.name === "AbortError" || error.status === 0)
            throw error;
    }
    if (!head)
        throw new Refused(0);
    if (!ended)
        yield { cut: true };
}

/* The first bytes of a file as text. */
export async function beginning(url, bytes, signal) {
    const answer = await ask("GET", url, { headers: { Range: `bytes=0-${bytes - 1}` }, signal, accept: [416] });
    return answer.status === 416 ? "" : answer.text();
}

export const makeFolder = (url, signal) => ask("MKCOL", url.replace(/\/$/, ""), { signal });
export const move = (from, to) =>
    ask("MOVE", from.replace(/\/$/, ""), { headers: { Destination: to.replace(/\/$/, ""), Overwrite: "F" } });

/* Folders are emptied first, deepest last in and first out; told(n) after each that went. */
export async function remove(entry, told, signal) {
    const answer = await ask("DELETE", entry.folder ? entry.url.replace(/\/$/, "") : entry.url,
        { signal, accept: [404, 409] });
    if (answer.status !== 409)
        return told();
    if (!entry.folder)
        throw new Refused(409);
    const below = [];
    for await (const { entries } of listing(entry.url, signal))
        below.push(...(entries ?? []));
    if (!below.length)
        throw new Refused(409);
    for (const one of below)
        await remove(one, told, signal);
    await ask("DELETE", entry.url.replace(/\/$/, ""), { signal, accept: [404] });
    told();
}

export const zip = (folder, names) => `${folder}?zip${names.map((name) => `&name=${encodeURIComponent(name)}`).join("")}`;

export const login = (name, password) =>
    ask("POST", `${OWN}login`, { body: new URLSearchParams({ name, password }) });
export const logout = () => ask("POST", `${OWN}logout`);

/* ---- drop links ---- */

/* [{link, folder, until}], without their addresses. */
export async function links() {
    const answer = await ask("GET", `${OWN}links`);
    return (await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/* Its address, told this once. A folder is percent-encoded already, but for what may stand in an address and not in a form. */
export async function makeLink(folder, days) {
    const body = `folder=${folder.replace(/[+&=;]/g, encodeURIComponent)}&days=${days}`;
    return (await (await ask("POST", `${OWN}links`, { body })).json()).url;
}

export const endLink = (link) => ask("DELETE", `${OWN}links/${link}`, { accept: [404] });

/* ---- uploads ---- */

/* A body with its progress: fetch tells none of an upload, XMLHttpRequest does. moved(bytes) is called as they leave; a
 * connection on which nothing moves for a while is given up, since a dead network is not told to anybody. */
const STALL_MS = 30000;

function send(method, url, headers, body, moved, signal) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        let timer = 0;
        const watch = () => {
            clearTimeout(timer);
            timer = setTimeout(() => request.abort(), STALL_MS);
        };
        const end = (outcome) => {
            clearTimeout(timer);
            signal.removeEventListener("abort", stop);
            removeEventListener("offline", stop);
            outcome();
        };
        const stop = () => request.abort();
        if (signal.aborted)
            return reject(signal.reason);
        signal.addEventListener("abort", stop);
        addEventListener("offline", stop);
        request.open(method, url);
        request.setRequestHeader("Accept", "application/json");
        for (const [name, value] of Object.entries(headers))
            request.setRequestHeader(name, value);
        request.upload.addEventListener("progress", (event) => {
            watch();
            moved(event.loaded);
        });
        // The last bytes have left, or the connection broke: the server syncs to its disk now, and may take its time.
        request.upload.addEventListener("loadend", watch);
        request.addEventListener("load", () =>
            end(() => (request.status < 300 ? resolve(request) : reject(new Refused(request.status)))));
        request.addEventListener("error", () => end(() => reject(new Refused(0))));
        request.addEventListener("abort", () => end(() => reject(signal.aborted ? signal.reason : new Refused(0))));
        watch();
        request.send(body);
    });
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const only = (fresh) => (fresh ? { "If-None-Match": "*" } : {});

/* fresh: refuse (412) when the name is taken. */
export const put = (url, file, fresh, moved, signal) =>
    send("PUT", url, { ...only(fresh), "X-OC-Mtime": String(file.lastModified / 1000) }, file, moved, signal);

/* Begins a resumable upload; its address. */
export async function begin(folder, name, file, fresh, signal) {
    const about = `filename ${base64(name)},mtime ${base64(String(file.lastModified / 1000))}`;
    const answer = await ask("POST", folder, {
        headers: { ...TUS, ...only(fresh), "Upload-Length": String(file.size), "Upload-Metadata": about }, signal });
    const place = new URL(answer.headers.get("Location") ?? "", location.href); // here, whatever a proxy calls us
    return place.pathname + place.search;
}

/* How much of it is there. */
export async function offset(upload, signal) {
    const answer = await ask("HEAD", upload, { headers: TUS, signal });
    return Number(answer.headers.get("Upload-Offset"));
}

export const go = (upload, from, rest, moved, signal) =>
    send("PATCH", upload, { ...TUS, "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" },
         rest, moved, signal);

export const giveUp = (upload) => ask("DELETE", upload, { headers: TUS, accept: [404, 410] });

/* Is a file of that size at this address? */
export async function isThere(url, bytes, signal) {
    const answer = await ask("HEAD", url, { signal, accept: [403, 404] });
    return answer.ok && Number(answer.headers.get("Content-Length")) === bytes;
}
