/* search: looks for a word in the names of a folder and of all below it, by reading their lists. page.js shows what is
 * found as it comes. It stops after MOST entries, since nobody reads on; a folder that cannot be read is counted, not an
 * end. */
import * as api from "./api.js";

const MOST = 5000;
const AT_ONCE = 4;

async function read(folder, under, word, signal) {
    const found = [];
    const folders = [];
    for await (const { entries } of api.listing(folder, signal))
        for (const entry of entries ?? []) {
            if (entry.key.includes(word))
                found.push({ ...entry, under });
            if (entry.folder)
                folders.push({ folder: entry.url, under: `${under}${entry.name}/` });
        }
    return { found, folders };
}

/* Yields {entries, folders, failed, much, end}: what is new, how many folders were read and how many could not, is there
 * more. */
export async function* find(path, word, signal) {
    const waiting = [{ folder: path, under: "" }];
    const running = new Map();
    const sum = { folders: 0, failed: 0, much: false };
    let total = 0;
    while (waiting.length || running.size) {
        while (waiting.length && running.size < AT_ONCE) {
            const { folder, under } = waiting.shift();
            running.set(folder, read(folder, under, word.toLowerCase(), signal)
                .then((done) => ({ folder, ...done }), () => ({ folder, failed: true, found: [], folders: [] })));
        }
        const done = await Promise.race(running.values());
        if (signal.aborted)
            return;
        running.delete(done.folder);
        sum.folders += done.failed ? 0 : 1;
        sum.failed += done.failed ? 1 : 0;
        waiting.push(...done.folders);
        total += done.found.length;
        sum.much = total >= MOST;
        yield { ...sum, entries: done.found };
        if (sum.much)
            break;
    }
    yield { ...sum, entries: [], end: true };
}
