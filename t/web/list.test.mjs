// The list: what a person sees of a folder, and what can be done with it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { act, exists, folder, names, row, sees, serve, shut, until, visit } from "./stage.mjs";

after(shut);

test("a folder is listed, and a name is text whatever it looks like", async (t) => {
    const odd = "<b onclick=alert(1)>bold<b> & \"co\".txt";
    const server = await serve(t, { [odd]: "x", "b.bin": Buffer.alloc(2500), "sub/": "", "a #1?%20.txt": "y" });
    const page = await visit(t, server.url);
    await sees(page, "sub", odd, "a #1?%20.txt", "b.bin");
    assert.equal(await page.locator(".rows b").count(), 0);
    assert.match(await row(page, "b.bin").textContent(), /2\.5 KB/);
    assert.match(await page.locator("footer .sum").textContent(), /^4 items · 2\.5 KB$/);
    const answer = await page.request.get(new URL(await row(page, "a #1?%20.txt").getByRole("link").getAttribute("href"),
        server.url).href);
    assert.equal(await answer.text(), "y");
    page.done();
});

test("sorting by each column, both ways, numbers by their value", async (t) => {
    const server = await serve(t, { "file10": "1", "file9": "333", "File1": "22", "z/": "" });
    fs.utimesSync(path.join(server.root, "file9"), 1e9, 1e9);
    fs.utimesSync(path.join(server.root, "file10"), 1.1e9, 1.1e9);
    const page = await visit(t, server.url);
    const head = (name) => page.getByRole("columnheader", { name });
    const by = (name) => head(name).getByRole("button").click();
    await sees(page, "z", "File1", "file9", "file10");
    await by("Name");
    await sees(page, "z", "file10", "file9", "File1");
    await by("Size");
    await sees(page, "z", "file9", "File1", "file10");
    assert.equal(await head("Size").getAttribute("aria-sort"), "descending");
    await by("Modified");
    await sees(page, "z", "File1", "file10", "file9");
    await by("Modified");
    await sees(page, "z", "file9", "file10", "File1");
    page.done();
});

test("filter as you type, then search below", async (t) => {
    const server = await serve(t, { "apple.txt": "", "pear.txt": "", "sub/deep/Apple pie.txt": "", "sub/other.txt": "" });
    const page = await visit(t, server.url);
    await sees(page, "sub", "apple.txt", "pear.txt");
    await page.keyboard.press("/");
    await page.keyboard.type("APP");
    await sees(page, "apple.txt");
    await page.getByRole("button", { name: "Search below" }).click();
    await sees(page, "sub/deep/Apple pie.txt", "apple.txt");
    await page.locator("footer .sum").getByText("Found: 2, folders read: 3").waitFor();
    await page.getByRole("searchbox").fill("nowhere");
    await page.getByText("Nothing here matches “nowhere”").waitFor();
    await page.getByRole("searchbox").press("Escape");
    await sees(page, "sub", "apple.txt", "pear.txt");
    page.done();
});

test("into folders and out again: links, the way back, the address", async (t) => {
    const server = await serve(t, { "one two/três/x.txt": "" });
    const page = await visit(t, server.url);
    await page.getByRole("link", { name: "one two" }).click();
    await page.getByRole("link", { name: "três" }).click();
    await sees(page, "x.txt");
    assert.equal(new URL(page.url()).pathname, "/one%20two/tr%C3%AAs/");
    assert.equal(await page.title(), "três – dray");
    await page.goBack();
    await sees(page, "três");
    await page.goForward();
    await sees(page, "x.txt");
    await page.reload();
    await sees(page, "x.txt");
    await page.getByRole("navigation").getByRole("link", { name: "one two" }).click();
    await sees(page, "três");
    await page.getByRole("navigation").getByRole("link", { name: "Home" }).click();
    await sees(page, "one two");
    page.done();
});

test("ten thousand names: few elements, and scrolling stays smooth", async (t) => {
    const server = await serve(t, {});
    for (let n = 0; n < 10000; n++)
        fs.writeFileSync(path.join(server.root, `file ${n}.txt`), "");
    const page = await visit(t, server.url);
    await page.getByText("10,000 items").waitFor();
    const grid = page.locator("#files");
    assert.equal(await grid.getAttribute("aria-rowcount"), "10001");
    const devtools = await page.context().newCDPSession(page);
    // What the page costs, whatever else the machine does.
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    const worked = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) =>
        name === "TaskDuration").value;
    const before = await worked();
    await grid.evaluate(async (node) => {
        for (let step = 0; step < 60; step++) {
            node.scrollTop += 7000; // further than a screen: no row is made already
            await new Promise(requestAnimationFrame);
        }
    });
    const frame = 1000 * (await worked() - before) / 60;
    t.diagnostic(`a frame of scrolling costs ${frame.toFixed(1)} ms`);
    assert.ok(frame < 50, `a frame costs ${frame} ms`);
    assert.ok(await page.locator(".row").count() < 100);
    await grid.focus();
    await page.keyboard.press("End");
    await until(async () => (await names(page)).includes("file 9999.txt"));
    const idle = await worked();
    await page.getByRole("searchbox").fill("777");
    await page.getByText("19 of 10,000 items").waitFor();
    assert.ok(await worked() - idle < 1);
    page.done();
});

test("by keyboard alone", async (t) => {
    const server = await serve(t, { "a.txt": "A", "b.txt": "B", "sub/c.txt": "C" });
    const page = await visit(t, server.url);
    await sees(page, "sub", "a.txt", "b.txt");
    const current = async () =>
        page.locator(`#${await page.locator("#files").getAttribute("aria-activedescendant")} .open`).textContent();
    const press = async (...keys) => {
        for (const key of keys)
            await page.keyboard.press(key);
    };
    await press("ArrowDown", "ArrowDown");
    assert.equal(await current(), "a.txt");
    await press("Space", "Shift+ArrowDown");
    await page.getByText("2 selected").waitFor();
    await press("Escape");
    await press("Control+a");
    await page.getByText("3 selected").waitFor();
    await press("Escape", "Home", "Enter");
    await sees(page, "c.txt");
    await press("Backspace");
    await sees(page, "sub", "a.txt", "b.txt");
    await until(async () => (await current()) === "sub"); // where one came from
    await press("ArrowDown", "Shift+F10");
    await until(() => page.evaluate(() => document.activeElement.textContent === "Open"));
    await press("ArrowDown", "Escape");
    await until(() => page.evaluate(() => document.activeElement.id === "files"));
    await press("F2");
    await until(() => page.evaluate(() => getSelection().toString() === "a"));
    await page.keyboard.type("z");
    await press("Enter");
    await sees(page, "sub", "b.txt", "z.txt");
    await until(async () => (await current()) === "z.txt");
    await press("Delete", "Tab", "Enter");
    await sees(page, "sub", "b.txt");
    assert.ok(!exists(server.root, "z.txt"));
    page.done();
});

test("new folder, rename, delete: asked first, and what is wrong is said", async (t) => {
    const server = await serve(t, { "old.txt": "O", "other.txt": "", "full/of/things.txt": "", "full/x": "" });
    const page = await visit(t, server.url, { expect: [/40[59]|412/] });
    await page.getByRole("button", { name: "New folder" }).click();
    const field = page.getByRole("dialog").getByRole("textbox");
    await field.fill("a/b");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("has no “/”").waitFor();
    await field.fill("full");
    await field.press("Enter");
    await page.getByText("“full” is there already").waitFor();
    await field.fill("new & 新");
    await field.press("Enter");
    await sees(page, "full", "new & 新", "old.txt", "other.txt");
    assert.ok(exists(server.root, "new & 新"));
    await act(page, "old.txt", "Rename");
    await field.fill("other.txt");
    await field.press("Enter");
    await page.getByText("“other.txt” is there already").waitFor();
    await field.fill("renamed #1.txt");
    await field.press("Enter");
    await sees(page, "full", "new & 新", "other.txt", "renamed #1.txt");
    await act(page, "full", "Delete");
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.ok(exists(server.root, "full/of/things.txt"));
    await act(page, "full", "Delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await sees(page, "new & 新", "other.txt", "renamed #1.txt");
    assert.ok(!exists(server.root, "full"));
    page.done();
});

test("what is not allowed is not shown", async (t) => {
    const files = { "a.txt": "", "sub/": "" };
    const shown = async (rights) => {
        const page = await visit(t, (await serve(t, files, rights)).url);
        await sees(page, "sub", "a.txt");
        await row(page, "a.txt").getByRole("button").click();
        const items = await page.getByRole("menuitem").allTextContents();
        await page.keyboard.press("Escape");
        await row(page, "a.txt").getByRole("checkbox").check();
        const change = await page.getByRole("button", { name: "Delete" }).isVisible();
        await page.getByRole("button", { name: "Clear the selection" }).click();
        await page.locator("#files").press("Delete");
        assert.equal(await page.getByRole("dialog").count(), change ? 1 : 0);
        page.done();
        return [await page.getByRole("button", { name: "Upload", exact: true }).count(),
                await page.getByRole("button", { name: "New folder" }).count(), change, items.includes("Rename"),
                items.includes("Delete")];
    };
    assert.deepEqual(await shown("read"), [0, 0, false, false, false]);
    assert.deepEqual(await shown("add"), [1, 1, false, false, false]);
    assert.deepEqual(await shown("write"), [1, 1, true, true, true]);
});

test("logging in and out changes what is shown", async (t) => {
    const server = await serve(t, { "a.txt": "" }, "none");
    const page = await visit(t, server.url, { expect: [/40[134]/] });
    const closed = page.getByRole("heading", { name: /not here|may not see/ });
    await closed.waitFor();
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    await page.getByLabel("Name", { exact: true }).fill("ann");
    await page.getByLabel("Password").fill("wrong");
    await page.getByLabel("Password").press("Enter");
    await page.getByText("Name or password are wrong").waitFor();
    await page.getByLabel("Password").fill("secret");
    await page.getByLabel("Password").press("Enter");
    await sees(page, "a.txt");
    await page.getByText("Logged in as ann").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await closed.waitFor();
    page.done();
});

// Each entry with its content.
const OPEN = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); " +
    "print(*(f'{n} {z.read(n).decode()}' for n in z.namelist()), sep='\\n')";
const contents = (archive) => execFileSync("/usr/bin/python3", ["-c", OPEN, archive], { env: { PYTHONIOENCODING: "utf-8" } })
    .toString().trim().split("\n").sort();

test("download: one, several as zip, a folder, all", async (t) => {
    const server = await serve(t, { "a.bin": "A", "b & c.bin": "B", "d.bin": "D", "sub/e.bin": "E", "名.bin": "Z" });
    const page = await visit(t, server.url);
    const keep = folder(t);
    const saved = async (doing) => {
        const waiting = page.waitForEvent("download");
        await doing();
        const download = await waiting;
        const to = path.join(keep, "saved");
        await download.saveAs(to);
        return [download.suggestedFilename(), to];
    };
    const pack = () => page.getByRole("button", { name: "Download", exact: true }).click();
    await sees(page, "sub", "a.bin", "b & c.bin", "d.bin", "名.bin");
    const [name, file] = await saved(() => page.getByRole("link", { name: "b & c.bin" }).click());
    assert.deepEqual([name, fs.readFileSync(file, "utf-8")], ["b & c.bin", "B"]);
    for (const one of ["b & c.bin", "名.bin", "sub"])
        await row(page, one).getByRole("checkbox").check();
    assert.deepEqual(contents((await saved(pack))[1]), ["b & c.bin B", "sub/ ", "sub/e.bin E", "名.bin Z"]);
    await page.getByRole("button", { name: "Clear the selection" }).click();
    const [zipped, archive] = await saved(() => act(page, "sub", "Download as zip"));
    assert.deepEqual([zipped, contents(archive)], ["sub.zip", ["e.bin E"]]);
    const [all, whole] = await saved(() => page.getByRole("link", { name: "Download all" }).click());
    assert.deepEqual([all, contents(whole)], ["files.zip", ["a.bin A", "b & c.bin B", "d.bin D", "sub/ ", "sub/e.bin E", "名.bin Z"]]);
    page.done();
});

test("copy link, and a QR code that a reader reads", async (t) => {
    const server = await serve(t, { "a b.txt": "" });
    const page = await visit(t, server.url, { permissions: ["clipboard-read", "clipboard-write"] });
    await act(page, "a b.txt", "Copy link");
    await page.getByText("The link was copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${server.url}a%20b.txt`);
    await act(page, "a b.txt", "QR code");
    const shot = path.join(folder(t), "qr.png");
    await page.getByRole("img", { name: "QR code" }).screenshot({ path: shot });
    assert.equal(execFileSync("zbarimg", ["-q", "--raw", shot], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim(),
                 `${server.url}a%20b.txt`);
    page.done();
});

test("a folder that is not there, and a server that is gone, say what to do", async (t) => {
    const server = await serve(t, { "sub/": "", "b.txt": "" });
    const page = await visit(t, server.url, { expect: [/404|ERR_CONNECTION/] });
    await sees(page, "sub", "b.txt");
    fs.rmdirSync(path.join(server.root, "sub"));
    await page.getByRole("link", { name: "sub" }).click();
    await page.getByText("This folder is not here").waitFor();
    assert.ok(await page.getByRole("button", { name: "Upload", exact: true }).isHidden());
    await page.getByRole("link", { name: "Go up" }).click();
    await sees(page, "b.txt");
    await server.end("SIGKILL");
    fs.mkdirSync(path.join(server.root, "sub"));
    await act(page, "b.txt", "Delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("The server does not answer. Is the network there?").waitFor();
    await page.evaluate(() => { history.pushState(null, "", "/sub/"); dispatchEvent(new PopStateEvent("popstate")); });
    await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
    await server.start();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("This folder is empty").waitFor();
    page.done();
});

test("a list that is nonsense shows what can be shown, and says that it is a part", async (t) => {
    const server = await serve(t, { "a.txt": "" });
    const page = await visit(t, server.url);
    await sees(page, "a.txt");
    const answers = async (...lines) => {
        await page.unroute("**/?json");
        await page.route("**/?json", (route) => route.fulfill({ contentType: "application/x-ndjson",
            body: lines.join("\n") }));
        await page.reload();
    };
    const head = JSON.stringify({ path: "/", rights: ["read"], account: "<i>x</i>" });
    const hostile = JSON.stringify({ name: "<img src=x onerror=alert(1)>\n\u202etxt.exe", folder: false, size: -1,
        mtime: 1e99,
                                     href: "javascript:alert(1)" });
    await answers(head, '{"name":"good","size":1}', '{"name":5}', hostile, '{"name":"half');
    await until(async () => (await names(page)).length === 2);
    await page.getByText("The list broke off").waitFor();
    assert.equal(await page.locator(".rows img, header i").count(), 0);
    assert.match(await page.locator(".rows .open").first().evaluate((link) => link.href), /^http:\/\/127\.0\.0\.1/);
    for (const lines of [[], ["nonsense"], ["[]"], ["null", "7"]]) {
        await answers(...lines);
        await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
    }
    page.done();
});

test("without script, the server's own list", async (t) => {
    const server = await serve(t, { "a & b.txt": "content", "sub/c.txt": "" });
    const page = await visit(t, server.url, { javaScriptEnabled: false });
    await page.getByRole("link", { name: "sub" }).click();
    await page.getByRole("link", { name: "c.txt" }).waitFor();
    await page.goBack();
    const href = await page.getByRole("link", { name: "a & b.txt" }).getAttribute("href");
    assert.equal(await (await page.request.get(new URL(href, server.url).href)).text(), "content");
    page.done();
});

test("without script, a form brings files", async (t) => {
    const server = await serve(t, { "sub/old.txt": "old", "drop/": "" });
    const page = await visit(t, new URL("sub/", server.url).href, { javaScriptEnabled: false });
    const files = (...names) => names.map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(`new ${name}`) }));
    await page.getByLabel("Files", { exact: true }).setInputFiles(files("a.txt", "ä \"b\".txt"));
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByRole("link", { name: "a.txt" }).waitFor();
    assert.equal(page.url(), new URL("sub/", server.url).href);
    assert.equal(fs.readFileSync(path.join(server.root, "sub", "ä \"b\".txt"), "utf8"), "new ä \"b\".txt");
    await page.getByLabel("Files", { exact: true }).setInputFiles(files("old.txt"));
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByText("the name is taken").waitFor();
    assert.equal(fs.readFileSync(path.join(server.root, "sub/old.txt"), "utf8"), "old");
    await page.goBack();
    await page.getByLabel("Replace").check();
    await page.getByLabel("Files", { exact: true }).setInputFiles(files("old.txt"));
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByRole("link", { name: "old.txt" }).waitFor();
    assert.equal(fs.readFileSync(path.join(server.root, "sub/old.txt"), "utf8"), "new old.txt");
    await page.goto(new URL("drop/", server.url).href);
    await page.getByLabel("Files", { exact: true }).setInputFiles(files("mine.txt"));
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByText("The file has come.").waitFor();
    assert.ok(fs.existsSync(path.join(server.root, "drop/mine.txt")));
});
