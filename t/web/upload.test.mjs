// Uploads: what is on the server's disk afterwards, whatever happened on the way.
// DRAY_WEB_BIG: bytes of the file during whose upload the server is killed (64 MiB; a gigabyte takes a while).
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { drag, exists, folder, names, offsets, read, row, sees, serve, shut, slow, sum, until, upload,
    visit } from "./stage.mjs";

const MIB = 1 << 20;
const BIG = Number(process.env.DRAY_WEB_BIG ?? 64 * MIB);
const BIG_MS = 60000 + BIG / 10000; // ten megabytes a second on a bad day

after(shut);

// Bytes that do not repeat within a piece, so that a piece in the wrong place is found.
function make(root, name, bytes) {
    const file = path.join(root, name);
    const out = fs.openSync(file, "w");
    const piece = Buffer.alloc(MIB);
    for (let at = 0; at < bytes; at += MIB) {
        for (let word = 0; word < MIB; word += 8)
            piece.writeDoubleLE(Math.sqrt(at + word + 2), word);
        fs.writeSync(out, piece, 0, Math.min(MIB, bytes - at));
    }
    fs.closeSync(out);
    return file;
}

const done = (page, count, timeout = 30000) => page.getByRole("heading", { name: `${count} uploaded` }).waitFor({ timeout });
const line = (page, name) => page.locator(".tray li", { hasText: name });
const percent = (page) => page.locator(".tray .work > progress").evaluate((bar) => bar.value);

test("files by the button: small, empty, large, with odd names", async (t) => {
    const server = await serve(t, {});
    const mine = folder(t, { "a & b #1?.txt": "small", "空.txt": "", "c%20.txt": "percent" });
    const large = make(mine, "large.bin", 5 * MIB + 17);
    fs.utimesSync(large, 1e9, 1e9);
    const page = await visit(t, server.url);
    await page.getByText("This folder is empty").waitFor();
    await upload(page, fs.readdirSync(mine).map((name) => path.join(mine, name)));
    await done(page, 4);
    await sees(page, "a & b #1?.txt", "c%20.txt", "large.bin", "空.txt");
    for (const name of fs.readdirSync(mine))
        assert.equal(sum(path.join(server.root, name)), sum(path.join(mine, name)), name);
    await page.locator(".tray .top").getByRole("button", { name: "Close" }).click();
    await until(() => page.locator(".tray").isHidden());
    page.done();
});

test("a folder, chosen", async (t) => {
    const server = await serve(t, { "tree/": "" }); // it may be there already
    const mine = folder(t, { "tree/a.txt": "A", "tree/deep/er/b.txt": "B", "tree/deep/c.txt": "C" });
    const page = await visit(t, server.url, { expect: [/405/] });
    await upload(page, path.join(mine, "tree"), "A folder…");
    await done(page, 3);
    assert.deepEqual([read(server.root, "tree/a.txt"), read(server.root, "tree/deep/er/b.txt"),
        read(server.root, "tree/deep/c.txt")],
                     ["A", "B", "C"]);
    page.done();
});

test("files and folders, dropped; an empty folder, too", async (t) => {
    const server = await serve(t, { "into/": "" });
    const mine = folder(t, { "one.txt": "1", "tree/a.txt": "A", "tree/deep/b.txt": "B", "tree/hollow/": "" });
    const page = await visit(t, `${server.url}into/`);
    await page.getByText("This folder is empty").waitFor();
    await drag(page, path.join(mine, "one.txt"), path.join(mine, "tree"));
    await done(page, 3);
    assert.deepEqual([read(server.root, "into/one.txt"), read(server.root, "into/tree/a.txt"),
        read(server.root, "into/tree/deep/b.txt")],
                     ["1", "A", "B"]);
    await until(() => exists(server.root, "into/tree/hollow"));
    await sees(page, "tree", "one.txt");
    page.done();
});

test("the server is killed in the middle and comes back: it goes on where it was", async (t) => {
    const server = await serve(t, {});
    const file = make(folder(t), "big.bin", BIG);
    const page = await visit(t, server.url, { expect: [/ERR_|409|423|404/] });
    const sent = offsets(page);
    const free = await slow(page, BIG / 12); // long enough for a busy machine to be in the middle
    await upload(page, file);
    await page.waitForFunction(() => document.querySelector(".tray .work > progress")?.value > 0.3, null,
        { timeout: BIG_MS });
    await server.end("SIGKILL");
    await line(page, "big.bin").getByText("No connection; goes on by itself").waitFor();
    assert.deepEqual(fs.readdirSync(server.root).filter((name) => !name.startsWith(".")), []); // nothing half is seen
    await server.start();
    await free();
    await done(page, 1, BIG_MS);
    assert.equal(sum(path.join(server.root, "big.bin")), sum(file));
    assert.ok(sent.at(-1) > BIG / 5, `offsets ${sent}`);
    await sees(page, "big.bin");
    page.done();
});

test("the page is reloaded in the middle: the same file, chosen again, goes on", async (t) => {
    const server = await serve(t, { "sub/": "" });
    const file = make(folder(t), "long.bin", 32 * MIB);
    const page = await visit(t, `${server.url}sub/`, { expect: [/409|423/] });
    const sent = offsets(page);
    const free = await slow(page, 2 * MIB);
    await upload(page, file);
    await until(async () => await percent(page) > 0.1);
    page.on("dialog", (dialog) => dialog.accept()); // "leave the page?"
    await page.reload();
    await page.getByText("Uploads that broke off: 1").waitFor();
    await page.goto(server.url); // and from elsewhere
    await free();
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose files…" }).click();
    await (await choosing).setFiles(file);
    await done(page, 1);
    assert.equal(sum(path.join(server.root, "sub/long.bin")), sum(file));
    assert.ok(sent.at(-1) > MIB, `offsets ${sent}`);
    await page.reload();
    await sees(page, "sub");
    assert.ok(await page.locator(".tray").isHidden());
    page.done();
});

test("what broke off can be forgotten", async (t) => {
    const server = await serve(t, {});
    const file = make(folder(t), "long.bin", 24 * MIB);
    const page = await visit(t, server.url);
    page.on("dialog", (dialog) => dialog.accept());
    await slow(page, 2 * MIB);
    await upload(page, file);
    await until(async () => await percent(page) > 0.1);
    await page.reload();
    await page.getByRole("button", { name: "Forget them" }).click();
    await until(() => page.locator(".tray").isHidden());
    await page.reload();
    await page.getByText("This folder is empty").waitFor();
    assert.ok(await page.locator(".tray").isHidden());
    page.done();
});

test("the network goes and comes", async (t) => {
    const server = await serve(t, {});
    const file = make(folder(t), "long.bin", 24 * MIB);
    const page = await visit(t, server.url, { expect: [/ERR_|409|423/] });
    const set = await slow(page, 2 * MIB);
    await upload(page, file);
    await until(async () => await percent(page) > 0.15);
    await set(-1, true);
    await line(page, "long.bin").getByText("No connection; goes on by itself").waitFor();
    await set();
    await done(page, 1);
    assert.equal(sum(path.join(server.root, "long.bin")), sum(file));
    page.done();
});

test("pause and resume, one and all", async (t) => {
    const server = await serve(t, {});
    const mine = folder(t);
    const files = ["one.bin", "two.bin"].map((name) => make(mine, name, 12 * MIB));
    const page = await visit(t, server.url, { expect: [/409|423/] });
    const sent = offsets(page);
    const free = await slow(page, 2 * MIB);
    await upload(page, files);
    await until(async () => await percent(page) > 0.1);
    await line(page, "one.bin").getByRole("button", { name: "Pause" }).click();
    await line(page, "one.bin").getByText("Paused at").waitFor();
    await page.getByRole("button", { name: "Pause all" }).click();
    await page.getByRole("heading", { name: "Paused: 0 of 2" }).waitFor();
    const before = await percent(page);
    await page.waitForTimeout(400);
    assert.equal(await percent(page), before);
    await free();
    await line(page, "one.bin").getByRole("button", { name: "Resume" }).click();
    await line(page, "one.bin").getByText("Done").waitFor();
    await page.getByRole("button", { name: "Resume all" }).click();
    await done(page, 2);
    files.forEach((file) => assert.equal(sum(path.join(server.root, path.basename(file))), sum(file)));
    assert.ok(sent.some((offset) => offset > 0), `offsets ${sent}`);
    page.done();
});

test("cancel leaves nothing, and does not hold up the others", async (t) => {
    const server = await serve(t, {});
    const mine = folder(t);
    const files = ["a.bin", "b.bin", "c.bin", "d.bin", "e.bin"].map((name) => make(mine, name, 6 * MIB));
    const page = await visit(t, server.url);
    const free = await slow(page, 2 * MIB);
    await upload(page, files);
    await until(async () => await percent(page) > 0.05);
    const sending = () => page.locator(".tray li[data-state=sending]").count();
    await until(async () => await sending() === 3);
    assert.equal(await sending(), 3); // at most three at once
    await line(page, "a.bin").getByRole("button", { name: "Cancel" }).click();
    await line(page, "e.bin").getByRole("button", { name: "Cancel" }).click();
    await free();
    await done(page, 3);
    await sees(page, "b.bin", "c.bin", "d.bin");
    assert.ok(!exists(server.root, "a.bin"));
    page.done();
});

test("a name that is taken: keep both, replace, skip", async (t) => {
    const server = await serve(t, { "x.txt": "old", "x (2).txt": "old", "y.txt": "old", "z.txt": "old", "big.bin": "old" });
    const mine = folder(t, { "x.txt": "new", "y.txt": "new", "z.txt": "new" });
    const page = await visit(t, server.url, { expect: [/412/] });
    const answer = async (name, button) => {
        await page.getByRole("heading", { name: `“${name}” is there already` }).waitFor();
        await page.getByRole("dialog").getByRole("button", { name: button }).click();
    };
    await upload(page, path.join(mine, "x.txt"));
    await answer("x.txt", "Keep both");
    await done(page, 1);
    await upload(page, [path.join(mine, "y.txt"), make(mine, "big.bin", 5 * MIB)]);
    for (let n = 0; n < 2; n++)
        await page.getByRole("dialog").getByRole("button", { name: "Replace" }).click();
    await done(page, 3);
    await upload(page, path.join(mine, "z.txt"));
    await answer("z.txt", "Skip");
    await line(page, "z.txt").getByText("Skipped").waitFor();
    assert.deepEqual(["x.txt", "x (2).txt", "x (3).txt", "y.txt", "z.txt"].map((name) => read(server.root, name)),
                     ["old", "old", "new", "new", "old"]);
    assert.equal(sum(path.join(server.root, "big.bin")), sum(path.join(mine, "big.bin")));
    page.done();
});

test("who may only add is not offered to replace", async (t) => {
    const server = await serve(t, { "x.txt": "old" }, "add");
    const page = await visit(t, server.url, { expect: [/412/] });
    await upload(page, path.join(folder(t, { "x.txt": "new" }), "x.txt"));
    await page.getByRole("heading", { name: "“x.txt” is there already" }).waitFor();
    assert.equal(await page.getByRole("dialog").getByRole("button", { name: "Replace" }).count(), 0);
    await page.getByRole("dialog").getByRole("button", { name: "Keep both" }).click();
    await done(page, 1);
    assert.deepEqual([read(server.root, "x.txt"), read(server.root, "x (2).txt")], ["old", "new"]);
    page.done();
});

test("a drop folder takes files, and shows and gives nothing", async (t) => {
    const server = await serve(t, { "drop/secret.txt": "S" });
    const mine = folder(t, { "mine.txt": "M", "tree/a.txt": "A" });
    const page = await visit(t, `${server.url}drop/`);
    await page.getByText("Leave files here").waitFor();
    assert.deepEqual(await names(page), []);
    assert.equal((await page.content()).includes("secret"), false);
    await upload(page, [path.join(mine, "mine.txt"), make(mine, "large.bin", 5 * MIB)]);
    await done(page, 2);
    assert.equal(read(server.root, "drop/mine.txt"), "M");
    await upload(page, path.join(folder(t, { "secret.txt": "N" }), "secret.txt")); // the name is taken, and nobody is told
    await done(page, 3);
    assert.deepEqual([read(server.root, "drop/secret.txt"), read(server.root, "drop/secret (2).txt")], ["S", "N"]);
    assert.equal(sum(path.join(server.root, "drop/large.bin")), sum(path.join(mine, "large.bin")));
    assert.deepEqual(await names(page), []);
    await drag(page, path.join(mine, "tree"));
    await done(page, 4);
    assert.equal(read(server.root, "drop/tree/a.txt"), "A");
    assert.notEqual((await page.request.get(`${server.url}drop/mine.txt`)).status(), 200);
    page.done();
});

test("a drop link is made, used by somebody who has no account, and taken back", async (t) => {
    const server = await serve(t, { "in/secret.txt": "S" }, "read");
    const owner = await visit(t, `${server.url}in/`, { expect: [/401/] });
    await owner.getByRole("button", { name: "Log in" }).click();
    await owner.getByLabel("Name").fill("ann");
    await owner.getByLabel("Password").fill("secret");
    await owner.getByRole("dialog").getByRole("button", { name: "Log in" }).click();
    await owner.getByRole("button", { name: "Upload", exact: true }).click();
    await owner.getByRole("menuitem", { name: "Drop link…" }).click();
    await owner.getByRole("button", { name: "Make a link" }).click();
    const address = await owner.getByRole("textbox", { name: "Copy the address:" }).inputValue();
    assert.match(address, new RegExp(`^${server.url}\\.dray-drop/[0-9a-f]{32}/$`));
    await owner.getByRole("img", { name: "QR code" }).waitFor();
    const guest = await visit(t, address, { expect: [/404/] });
    await guest.locator(".state").getByText("Leave files here").waitFor();
    await guest.getByText("This works until").waitFor();
    assert.ok(await guest.getByRole("navigation").isHidden());
    assert.ok(await guest.getByRole("button", { name: "Log in" }).isHidden());
    const mine = folder(t, { "secret.txt": "N" });
    await upload(guest, [path.join(mine, "secret.txt"), make(mine, "large.bin", 5 * MIB)]);
    await done(guest, 2);
    assert.deepEqual([read(server.root, "in/secret.txt"), read(server.root, "in/secret (2).txt")], ["S", "N"]);
    assert.equal(sum(path.join(server.root, "in/large.bin")), sum(path.join(mine, "large.bin")));
    assert.deepEqual(await names(guest), []);
    await owner.keyboard.press("Escape");
    await owner.getByRole("button", { name: "End this link" }).click();
    await until(async () => await owner.getByRole("button", { name: "End this link" }).count() === 0);
    await guest.reload();
    await guest.getByText("This link does not work any more").waitFor();
    [owner, guest].forEach((page) => page.done());
});

test("three hundred small files", async (t) => {
    const server = await serve(t, {});
    const mine = folder(t, Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`tree/${n % 10}/${n}.txt`, `${n}`])));
    const page = await visit(t, server.url);
    await upload(page, path.join(mine, "tree"), "A folder…");
    await done(page, 300);
    assert.ok(await page.locator(".tray li").count() <= 40);
    for (const n of [0, 149, 299])
        assert.equal(read(server.root, `tree/${n % 10}/${n}.txt`), `${n}`);
    page.done();
});

test("a file that vanishes before its turn says so; the others are stored", async (t) => {
    const server = await serve(t, {});
    const mine = folder(t, { "gone.txt": "G", "here.txt": "H" });
    const page = await visit(t, server.url);
    await page.evaluate(() => { const was = File.prototype.slice; File.prototype.slice = function slice(...range) {
        return this.name === "gone.txt" ? { arrayBuffer: () => Promise.reject(new DOMException("gone", "NotFoundError")) }
            : was.apply(this, range);
    }; });
    await upload(page, [path.join(mine, "gone.txt"), path.join(mine, "here.txt")]);
    await page.getByRole("heading", { name: "1 could not be uploaded" }).waitFor();
    await line(page, "gone.txt").getByText("The browser could not read this file").waitFor();
    assert.equal(read(server.root, "here.txt"), "H");
    await row(page, "here.txt").waitFor();
    page.done();
});
