"""Each command and its replies, on bare sockets.  RFC 959, 1123 4.1, 2389, 2428, 2640, 3659, 7151, and the MFMT draft."""
import calendar
import os
import re
import socket
import time

import pytest

from ftpraw import OPEN, entry, ls, mlsd, nlst, receive_all
from server import ACCOUNTS
from tools import blob, make, names, no_leftovers, ready, until

BIG = 24 << 20                      # more than the socket buffers of both sides hold, so a transfer is certainly under way


# ---------------------------------------------------------------- before login

BEFORE_LOGIN = [("FEAT", 211), ("SYST", 215), ("OPTS UTF8 ON", 200), ("HELP", 214), ("CLNT curious", 200), ("HOST localhost", 220),
                ("LANG en", 200), ("LANG", 200), ("NOOP", 200), ("STAT", 211), ("QUIT", 221)]
NEEDS_LOGIN = ["PWD", "CWD /", "CDUP", "TYPE I", "PASV", "EPSV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|50000|", "RETR f", "STOR f",
               "APPE f", "STOU", "LIST", "NLST", "MLSD", "MLST", "SIZE f", "MDTM f", "DELE f", "MKD d", "RMD d", "RNFR f", "STAT f",
               "MFMT 20200101000000 f", "SITE CHMOD 644 f", "REST 0", "ALLO 1"]


@pytest.mark.parametrize("line, code", BEFORE_LOGIN)
def test_works_before_login(site, line, code):
    if line == "STAT":
        code = (211, 530)           # what the server says of itself may wait for a login
    site.server.raw().expect(code, line)


@pytest.mark.parametrize("line", NEEDS_LOGIN)
def test_needs_login(site, line):
    make(site.dir, "f", b"x")
    client = site.server.raw()
    client.expect(530, line)
    client.login("bob")


def test_greeting_is_220_and_goodbye_closes(site):
    client = site.server.raw()
    client.expect(221, "QUIT")
    assert client.is_closed() == []


def test_anonymous_needs_no_account(site):
    client = site.server.raw()
    client.expect(331, "USER anonymous")
    client.expect(230, "PASS guest@")
    client.expect(257, "PWD")


def test_ftp_is_another_word_for_anonymous(site):
    site.server.raw().login("ftp")


def test_password_decides(site):
    client = site.server.raw()
    client.expect(331, "USER bob")
    client.expect(530, "PASS wrong")
    client.expect(530, "PWD")
    client.expect(331, "USER bob")
    client.expect(230, "PASS secret")


def test_unknown_user_is_told_nothing_more_than_a_wrong_password(site):
    client = site.server.raw()
    known = client.expect(331, "USER bob").text.replace("bob", "X"), client.expect(530, "PASS wrong").text.replace("bob", "X")
    other = client.expect(331, "USER nobody9").text.replace("nobody9", "X"), client.expect(530, "PASS wrong").text.replace("nobody9", "X")
    assert known == other


def test_pass_without_user_is_out_of_order(site):
    site.server.raw().expect(503, "PASS secret")


def test_auth_on_a_plain_server_leaves_the_session_usable(server):
    client = server(None, *ACCOUNTS, "--tls", "off").raw()
    for line in "AUTH GSSAPI", "AUTH TLS", "PBSZ 0", "PROT P":
        client.expect((500, 502, 503, 504, 534), line)
    client.login("bob")


def test_opts_utf8_on_is_200_before_and_after_login(site):
    client = site.server.raw()
    client.expect(200, "OPTS UTF8 ON")
    client.login("bob").expect(200, "OPTS UTF8 ON")
    client.expect(200, "opts utf8 on")


def test_host_after_login_is_out_of_order(site):
    site.raw().expect(503, "HOST localhost")


def test_rein_logs_out_and_the_session_goes_on(site):
    client = site.raw()
    client.expect(220, "REIN")
    client.expect(530, "PWD")
    client.login("anonymous").expect(257, "PWD")


def test_rein_forgets_place_and_restart(site):
    make(site.dir, "f", b"a\n")
    client = site.raw()
    client.expect(350, "REST 1")
    client.expect(220, "REIN")
    client.login("bob")
    assert '"/"' in client.expect(257, "PWD").text
    assert client.get(f"RETR {site.path}/f") == b"a\n"


def test_who_logs_in_again_begins_at_the_root(site):
    client = site.raw()
    client.expect(250, f"CWD {site.path}")
    client.login("bob")
    assert '"/"' in client.expect(257, "PWD").text


# ---------------------------------------------------------------- what it says of itself

def test_feat_lists_what_clients_look_for_and_nothing_half_done(site):
    reply = site.server.raw().expect(211, "FEAT")
    assert all(re.match(r" \S", line) for line in reply.middle), "each feature is indented by one space"
    features = {line[1:].split(" ")[0].upper(): line[1:] for line in reply.middle}
    for feature in "TVFS UTF8 MLST SIZE MDTM MFMT MFF REST EPSV EPRT CLNT LANG HOST".split():
        assert feature in features
    assert features["REST"] == "REST STREAM"
    facts = features["MLST"].split(" ", 1)[1]
    assert facts.endswith(";")
    listed = {fact.rstrip("*").lower() for fact in facts.split(";")}
    assert {"type", "size", "modify", "perm", "unique", "unix.mode", "unix.owner", "unix.group"} <= listed
    assert "modify" in features["MFF"].lower()
    assert "MODE" not in features


def test_syst_starts_as_commons_net_expects(site):
    assert site.server.raw().expect(215, "SYST").text.startswith("215 UNIX Type: L8")


def test_help_lists_commands_and_explains_one(site):
    client = site.server.raw()
    everything = client.expect((211, 214), "HELP").text
    for verb in "USER RETR STOR MLSD EPSV REST SITE QUIT".split():
        assert verb in everything
    assert "RETR" in client.expect((211, 214), "HELP RETR").text
    assert "RETR" in client.expect((211, 214), "HELP retr").text
    client.expect((501, 502, 504), "HELP NOSUCH")


@pytest.mark.parametrize("line", ["SITE HELP", "HELP SITE"])
def test_site_help_names_chmod_and_utime(site, line):
    text = site.raw().expect((200, 211, 214), line).text
    assert "CHMOD" in text and "UTIME" in text


def test_stat_of_the_server(site):
    reply = site.raw().expect(211, "STAT")
    assert len(reply.lines) > 1


@pytest.mark.parametrize("how", ["folder", "file"])
def test_stat_of_a_path_lists_on_the_control_connection(site, how):
    make(site.dir, "a.txt", b"12345")
    make(site.dir, "226 done", b"1")
    reply = site.raw().expect((212, 213), f"STAT {site.path if how == 'folder' else 'a.txt'}")
    found = ls(b"".join(line.lstrip().encode() + b"\r\n" for line in reply.middle))
    assert found[b"a.txt"][4] == 5
    assert set(found) - {b".", b".."} == ({b"a.txt", b"226 done"} if how == "folder" else {b"a.txt"})


def test_stat_of_a_missing_path(site):
    site.raw().expect((450, 550), "STAT nothing")


def test_lang_knows_english_and_refuses_the_unknown(site):
    client = site.raw()
    client.expect(200, "LANG en")
    client.expect((501, 504), "LANG tlh")


def test_opts_of_an_unknown_feature(site):
    site.raw().expect((451, 501, 504), "OPTS NOSUCH on")


def test_acct_is_superfluous(site):
    site.raw().expect((202, 230, 502, 503), "ACCT deposit")


@pytest.mark.parametrize("line", ["ALLO 100", "ALLO 100 R 10", pytest.param("ALLO 6000000000", marks=pytest.mark.needs("disk"))])
def test_allo(site, line):
    site.raw().expect((200, 202), line)


@pytest.mark.parametrize("line", ["NOOP", "noop", "NoOp"])
def test_verbs_in_any_case(site, line):
    site.server.raw().expect(200, line)


@pytest.mark.needs("disk")
def test_avbl_says_how_many_bytes_are_free(site):
    reply = site.raw().expect(213, "AVBL")
    free = os.statvfs(site.dir).f_bavail * os.statvfs(site.dir).f_frsize
    number = int(re.fullmatch(r"213 (\d+)", reply.text)[1])
    assert abs(number - free) < max(free // 2, 1 << 30)


# ---------------------------------------------------------------- 500 501 502 503 504

@pytest.mark.parametrize("line", ["XYZZY", "XYZZY with argument", "R", "RETRIEVE f", "", " ", "\\"])
def test_unknown_commands(site, line):
    client = site.raw()
    client.expect((500, 502), line)
    client.expect(200, "NOOP")


BAD_ARGUMENTS = [
    "USER", "TYPE", "TYPE Q", "STRU", "STRU Q", "MODE", "MODE Q", "PORT", "PORT 1,2,3", "PORT 127,0,0,1,999,1", "PORT 127,0,0,1,4,", "PORT a,b,c,d,e,f",
    "PORT 127,0,0,1,200,1,1", "EPRT", "EPRT |1|127.0.0.1|", "EPRT |1|localhost|5000|", "EPRT |1|127.0.0.1|70000|", "EPRT 1,127.0.0.1,5000",
    "EPSV x", "EPSV 1 2", "RETR", "STOR", "APPE", "SIZE", "MDTM", "MFMT", "MFMT 20200101000000", "MFMT soon f", "MFMT 20201301000000 f", "MFF", "DELE",
    "MKD", "RMD", "RNFR", "REST", "REST x", "ALLO", "ALLO many", "ALLO -1", "SITE CHMOD", "SITE CHMOD 999 f", "SITE CHMOD u+x f", "SITE UTIME",
]


@pytest.mark.parametrize("line", BAD_ARGUMENTS)
def test_bad_arguments_are_501(site, line):
    make(site.dir, "f", b"x")
    client = site.raw()
    # an unknown letter of TYPE, STRU and MODE may as well be called unsupported
    client.expect((501, 504) if re.match(r"(TYPE|STRU|MODE) Q", line) else 501, line)
    client.expect(200, "NOOP")


@pytest.mark.parametrize("line", ["SITE", "SITE NOSUCH", "SITE EXEC /bin/sh", "SITE CPFR f"])
def test_unknown_site_commands(site, line):
    site.raw().expect((500, 501, 502, 504), line)


@pytest.mark.parametrize("line", ["TYPE A", "TYPE A N", "type a", "TYPE I", "TYPE L 8", "STRU F", "MODE S", "mode s"])
def test_parameters_supported(site, line):
    site.raw().expect(200, line)


@pytest.mark.parametrize("line", ["TYPE E", "TYPE A T", "TYPE A C", "TYPE L 7", "STRU R", "STRU P", "MODE B", "MODE C", "MODE Z"])
def test_parameters_known_but_not_supported(site, line):
    site.raw().expect(504, line)


def test_transfer_without_a_data_connection(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    for line in "RETR f", "LIST", "STOR g":
        if client.expect((150, 425, 503), line).code == 150:
            client.expect(425)
    assert names(site.dir) == {b"f"}


def test_a_data_connection_serves_one_transfer(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    assert client.get("RETR f") == b"x"
    if client.expect((150, 425, 503), "RETR f").code == 150:
        client.expect(425)


# ---------------------------------------------------------------- data connections

@pytest.mark.parametrize("how", ["pasv", "epsv", "port", "eprt"])
def test_data_connections_over_ipv4(site, how):
    client = site.raw()
    client.put("STOR f", b"hello", how)
    assert client.get("RETR f", how) == b"hello"
    assert b"f" in nlst(client.get("NLST", how))


@pytest.mark.parametrize("how", ["epsv", "eprt"])
def test_data_connections_over_ipv6(site, how):
    client = site.raw(ipv6=True)
    client.put("STOR f", b"hello", how)
    assert client.get("RETR f", how) == b"hello"
    assert b"f" in nlst(client.get("NLST", how))


def test_connecting_after_the_command(site):
    """The client may open its data connection before the transfer command or after it."""
    make(site.dir, "f", b"hello")
    client = site.raw()
    port = client.pasv_port()
    client.send(b"RETR f\r\n")
    assert receive_all(client.connect(port)) == b"hello"
    if client.expect((125, 150, 226)).code != 226:
        client.expect(226)


@pytest.mark.parametrize("line, ipv6, good", [("EPSV", False, True), ("EPSV 1", False, True), ("EPSV 2", False, False), ("EPSV 3", False, False),
                                              ("EPSV", True, True), ("EPSV 2", True, True), ("EPSV 1", True, False), ("EPSV 9", True, False)])
def test_epsv_families(site, line, ipv6, good):
    client = site.raw(ipv6=ipv6)
    reply = client.expect(229 if good else 522, line)
    if not good:
        assert f"({'2' if ipv6 else '1'})" in reply.text or "(1,2)" in reply.text, "522 says which families would do"


@pytest.mark.parametrize("line", ["EPRT |3|127.0.0.1|5000|", "EPRT |7|appletalk|5000|", "EPRT |2|::1|50000|"])
def test_eprt_of_another_family_is_522(site, line):
    assert re.search(r"\([12](,2)?\)", site.raw().expect(522, line).text)


def test_pasv_over_ipv6_is_refused(site):
    client = site.raw(ipv6=True)
    client.expect((4, 5), "PASV")
    client.epsv()


def test_port_over_ipv6_is_refused(site):
    site.raw(ipv6=True).expect((4, 5), "PORT 127,0,0,1,200,1")


def test_epsv_all_then_nothing_else(site):
    client = site.raw()
    client.expect(200, "EPSV ALL")
    client.expect(5, "PASV")
    client.expect(5, "PORT 127,0,0,1,200,1")
    client.expect(5, "EPRT |1|127.0.0.1|50000|")
    client.put("STOR f", b"still works")
    assert client.get("RETR f") == b"still works"


@pytest.mark.parametrize("line", ["PORT 10,0,0,1,200,1", "PORT 127,0,0,2,200,1", "PORT 0,0,0,0,200,1", "PORT 127,0,0,1,0,25", "PORT 127,0,0,1,3,255",
                                  "PORT 127,0,0,1,0,0", "EPRT |1|10.0.0.1|50000|", "EPRT |1|127.0.0.2|50000|", "EPRT |1|127.0.0.1|22|",
                                  "EPRT |1|127.0.0.1|0|"])
def test_no_data_to_other_addresses_or_low_ports(site, line):
    """No bounce: RFC 2577."""
    make(site.dir, "f", b"x")
    client = site.raw()
    client.expect(5, line)
    if client.expect((150, 425, 503), "RETR f").code == 150:
        client.expect(425)


def test_eprt_ipv6_to_other_addresses(site):
    client = site.raw(ipv6=True)
    client.expect(5, "EPRT |2|fe80::1|50000|")
    client.expect(5, "EPRT |2|::1|80|")
    client.expect(522, "EPRT |1|127.0.0.1|50000|")


def test_passive_data_goes_to_the_session_s_own_address_only(site):
    """A stranger who is first at the passive port gets nothing; the session's own client does."""
    make(site.dir, "f", b"private")
    client = site.raw()
    port = client.pasv_port()
    stranger = client.connect(port, source="127.0.0.2")
    client.send(b"RETR f\r\n")
    own = client.connect(port)
    try:
        assert receive_all(stranger) == b""
    except ConnectionResetError:
        pass
    assert receive_all(own) == b"private"


def test_active_connection_refused_is_425(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    with socket.socket() as nobody:                     # a port of its own: one that was given back may be somebody else's by now
        nobody.bind(("127.0.0.1", 0))
        client.expect(200, f"EPRT |1|127.0.0.1|{nobody.getsockname()[1]}|")
        if client.expect((150, 425), "RETR f").code == 150:
            client.expect(425)
    client.expect(200, "NOOP")


def test_type_between_pasv_and_retr_keeps_the_connection(site):
    """PHP does it."""
    make(site.dir, "f", b"a\nb\n")
    client = site.raw()
    data = client.pasv()
    client.expect(200, "TYPE A")
    client.expect(200, "TYPE I")
    client.expect(213, "SIZE f")
    assert client.finish_get(data, "RETR f") == b"a\nb\n"


def test_mode_s_after_each_transfer(site):
    """node-ftp does it."""
    make(site.dir, "f", b"x")
    client = site.raw()
    for _ in range(3):
        assert client.get("RETR f") == b"x"
        client.expect(200, "MODE S")


def test_second_passive_replaces_the_first(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    first = client.pasv_port()
    data = client.epsv()
    assert client.finish_get(data, "RETR f") == b"x"
    assert first


def test_many_passive_commands_leak_no_ports(site):
    client = site.raw()
    before = site.server.fds()
    for _ in range(200):
        client.expect(227, "PASV")
    until(lambda: site.server.fds() < before + 50, "old passive sockets are closed")


# ---------------------------------------------------------------- TYPE A

def test_ascii_download_turns_lf_into_crlf(site):
    make(site.dir, "f", b"one\ntwo\n\nend")
    client = site.raw()
    client.expect(200, "TYPE A")
    assert client.get("RETR f") == b"one\r\ntwo\r\n\r\nend"
    client.expect(200, "TYPE I")
    assert client.get("RETR f") == b"one\ntwo\n\nend"


def test_a_session_begins_in_ascii(site):
    """RFC 959 5.1: the default is ASCII Non-print.  lftp counts on it: it sends no TYPE before `put -a`."""
    make(site.dir, "f", b"one\n")
    client = site.server.raw()
    client.expect(331, "USER bob")
    client.expect(230, "PASS secret")
    assert client.get(f"RETR {site.path}/f") == b"one\r\n"


def test_ascii_upload_turns_crlf_into_lf(site):
    client = site.raw()
    client.expect(200, "TYPE A N")
    client.put("STOR f", b"one\r\ntwo\r\n\r\nlone\rcr, end\r")
    assert (site.dir / "f").read_bytes() == b"one\ntwo\n\nlone\rcr, end\r"


def test_ascii_upload_with_cr_and_lf_in_two_packets(site):
    client = site.raw()
    client.expect(200, "TYPE A")
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    data.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in b"a\r", b"\nb\r", b"\r", b"\n", b"\r", b"c":
        data.sendall(part)
        client.expect(200, "NOOP")              # by now the server has most likely seen the part alone
    data.close()
    client.expect(226)
    assert (site.dir / "f").read_bytes() == b"a\nb\r\n\rc"


def test_ascii_both_ways_across_buffer_borders(site):
    """Line ends at every offset of any buffer: a long file of lines of all lengths."""
    text = b"".join(b"x" * (n % 97) + b"\n" for n in range(60000))
    client = site.raw()
    client.expect(200, "TYPE A")
    client.put("STOR f", text.replace(b"\n", b"\r\n"))
    assert (site.dir / "f").read_bytes() == text
    assert client.get("RETR f") == text.replace(b"\n", b"\r\n")


def test_size_in_ascii_is_refused_or_converted(site):
    make(site.dir, "f", b"one\ntwo\n")
    client = site.raw()
    client.expect(200, "TYPE A")
    reply = client.expect((213, 550), "SIZE f")
    assert reply.code == 550 or reply.text == "213 10"


def test_listings_are_the_same_in_either_type(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    client.expect(200, "TYPE A")
    ascii = client.get("NLST"), client.get("MLSD")
    client.expect(200, "TYPE I")
    assert ascii == (client.get("NLST"), client.get("MLSD"))


# ---------------------------------------------------------------- REST

def test_rest_restarts_a_download(site):
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 4")
    assert client.get("RETR f") == b"456789"
    assert client.get("RETR f") == b"0123456789"


@pytest.mark.parametrize("between", ["TYPE I", "PASV", "EPSV", "PORT", "EPRT"])
def test_rest_survives_the_making_of_a_data_connection(site, between):
    """node-ftp sends REST before PASV."""
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(200, "TYPE I")
    if between == "TYPE I":
        data = client.epsv()
        client.expect(350, "REST 4")
        client.expect(200, "TYPE I")
    else:
        client.expect(350, "REST 4")
        data = getattr(client, between.lower())()
    assert client.finish_get(data, "RETR f") == b"456789"


@pytest.mark.parametrize("between", ["LIST", "NLST", "MLSD", "RETR g", "STOR h"])
def test_rest_is_forgotten_by_a_transfer(site, between):
    make(site.dir, "f", b"0123456789")
    make(site.dir, "g", b"0123456789")
    make(site.dir, "h", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 4")
    if between == "STOR h":
        client.put(between, b"abcdefghij")
    else:
        client.get(between)
    assert client.get("RETR f") == b"0123456789"


@pytest.mark.parametrize("between", ["RETR nothing", "SIZE f", "MDTM f", "PWD", "CWD ."])
def test_rest_is_forgotten_after_the_next_command(site, between):
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 4")
    if between.startswith("RETR"):
        client.refused(between, 550)
    else:
        client.cmd(between)
    assert client.get("RETR f") == b"0123456789"


@pytest.mark.parametrize("offset", ["-1", "+1", "1.5", "0x10", "1e3", "ten", "5 5", "18446744073709551617", "99999999999999999999999", "9223372036854775808"])
def test_rest_takes_digits_only(site, offset):
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect((501, 554), f"REST {offset}")
    assert client.get("RETR f") == b"0123456789"


def test_rest_zero_is_350(site):
    """aria2 and axel probe with it."""
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 0")
    assert client.get("RETR f") == b"0123456789"
    client.expect(350, "REST 1")
    assert client.get("RETR f") == b"123456789"


def test_rest_at_the_end_is_an_empty_download(site):
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 10")
    assert client.get("RETR f") == b""


@pytest.mark.parametrize("verb", ["RETR", "STOR"])
def test_rest_beyond_the_end_is_refused_when_used(site, verb):
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 11")
    client.refused(f"{verb} f", 5)
    assert (site.dir / "f").read_bytes() == b"0123456789"
    assert client.get("RETR f") == b"0123456789"


def test_rest_on_a_new_file_is_refused(site):
    client = site.raw()
    client.expect(350, "REST 5")
    client.refused("STOR new", 5)
    assert names(site.dir) == set()


def test_rest_and_stor_go_on_from_the_offset(site):
    make(site.dir, "f", b"0123456789")
    client = site.raw()
    client.expect(350, "REST 6")
    client.put("STOR f", b"abcdefgh")
    assert (site.dir / "f").read_bytes() == b"012345abcdefgh"
    no_leftovers(site.dir)


# ---------------------------------------------------------------- folders and names in replies

def test_cwd_cdup_pwd(site):
    (site.dir / "a" / "b").mkdir(parents=True)
    client = site.raw()
    client.expect(250, "CWD a/b")
    assert f'"{site.path}/a/b"' in client.expect(257, "PWD").text
    client.expect((200, 250), "CDUP")
    assert f'"{site.path}/a"' in client.expect(257, "XPWD").text
    client.expect((200, 250), "XCUP")
    client.expect(250, "XCWD a")
    client.expect(250, "CWD ..")
    assert f'"{site.path}"' in client.expect(257, "PWD").text
    client.expect(250, "CWD /")
    assert '"/"' in client.expect(257, "PWD").text


def test_cdup_at_the_top_stays_there(site):
    client = site.server.raw("bob")
    client.expect((200, 250, 550), "CDUP")
    client.expect((250, 550), "CWD ../..")
    assert '"/"' in client.expect(257, "PWD").text


@pytest.mark.parametrize("path", ["{}//a", "//{}/a/", "{}/./a", "{}/a/../a", "{}/a///"])
def test_paths_with_doubled_slashes_and_dots(site, path):
    """Globus url-copy sends // in paths."""
    (site.dir / "a").mkdir()
    client = site.raw()
    client.expect(250, "CWD " + path.format(site.path))
    assert f'"{site.path}/a"' in client.expect(257, "PWD").text


def test_cwd_to_a_file_or_nowhere_is_550(site):
    make(site.dir, "f")
    client = site.raw()
    client.expect(550, "CWD f")
    client.expect(550, "CWD nothing")
    client.expect(550, "CWD f/g")


def test_mkd_rmd(site):
    client = site.raw()
    assert f'"{site.path}/d"' in client.expect(257, "MKD d").text
    client.expect((521, 550), "MKD d")
    client.expect(257, "XMKD d/e")
    client.expect(550, "MKD no/such/parent")
    client.expect(550, "RMD d")
    client.expect(250, "XRMD d/e")
    client.expect(250, "RMD d")
    client.expect(550, "RMD d")
    assert names(site.dir) == set()


def test_dele(site):
    make(site.dir, "f")
    (site.dir / "d").mkdir()
    client = site.raw()
    client.expect(250, "DELE f")
    client.expect(550, "DELE f")
    client.expect(550, "DELE d")
    client.expect(550, "RMD f")
    assert names(site.dir) == {b"d"}


def test_rename(site):
    make(site.dir, "f", b"x")
    (site.dir / "d").mkdir()
    client = site.raw()
    client.expect(350, "RNFR f")
    client.expect(250, "RNTO g")
    client.expect(350, "RNFR g")
    client.expect(250, f"RNTO {site.path}/d/h")
    assert (site.dir / "d" / "h").read_bytes() == b"x"
    client.expect(350, "RNFR d")
    client.expect(250, "RNTO e")
    assert names(site.dir) == {b"e"}


def test_rename_of_nothing_and_into_nothing(site):
    make(site.dir, "f")
    client = site.raw()
    client.expect((450, 550), "RNFR nothing")
    client.expect(503, "RNTO g")
    client.expect(350, "RNFR f")
    client.expect((550, 553), "RNTO no/such/folder")
    assert names(site.dir) == {b"f"}


@pytest.mark.parametrize("between", ["NOOP", "PWD", "XYZZY", "STAT"])
def test_rnto_must_follow_rnfr_at_once(site, between):
    make(site.dir, "f")
    client = site.raw()
    client.expect(503, "RNTO g")
    client.expect(350, "RNFR f")
    client.cmd(between)
    client.expect(503, "RNTO g")
    assert names(site.dir) == {b"f"}


def test_rename_of_a_folder_into_itself(site):
    (site.dir / "d").mkdir()
    client = site.raw()
    client.expect(350, "RNFR d")
    client.expect((5,), "RNTO d/e")
    assert names(site.dir) == {b"d"}


def test_quotes_in_257_are_doubled(site):
    client = site.raw()
    assert f'"{site.path}/say ""hi"""' in client.expect(257, 'MKD say "hi"').text
    client.expect(250, 'CWD say "hi"')
    assert f'"{site.path}/say ""hi"""' in client.expect(257, "PWD").text


@pytest.mark.parametrize("line", ["RETR d", "SIZE d", "STOR d", "APPE d", "RETR nothing", "SIZE nothing", "MDTM nothing", "MLST nothing", "STOR no/f",
                                  "APPE no/f", "RETR f/g", "STOR f/g", "MFMT 20200101000000 nothing", "SITE CHMOD 644 nothing"])
def test_no_such_file_is_550(site, line):
    """PyFilesystem and fsspec read 550 as "not found" and 553 as "not allowed"."""
    make(site.dir, "f")
    (site.dir / "d").mkdir()
    client = site.raw()
    if line.split()[0] in ("RETR", "STOR", "APPE"):
        client.refused(line, (550, 553) if line in ("STOR d", "APPE d", "STOR f/g") else 550)
    else:
        client.expect(550, line)
    assert names(site.dir) == {b"f", b"d"}


# ---------------------------------------------------------------- uploads by other names

def test_appe(site):
    client = site.raw()
    client.put("APPE f", b"one")
    client.put("APPE f", b"two")
    assert (site.dir / "f").read_bytes() == b"onetwo"


def test_stou_says_the_name_and_never_overwrites(site):
    """RFC 1123 4.1.2.9: 125 or 150, then FILE: name."""
    client = site.raw()
    made = set()
    for n in range(5):
        reply = client.put("STOU", b"%d" % n)
        name = re.fullmatch(r"1[25][05] FILE: (.+)", reply.text)[1].rsplit("/", 1)[-1]
        assert (site.dir / name).read_bytes() == b"%d" % n
        made.add(os.fsencode(name))
    assert len(made) == 5 and names(site.dir) == made


def test_stou_with_an_argument_keeps_what_is_there(site):
    make(site.dir, "f", b"old")
    client = site.raw()
    data = client.epsv()()
    if client.cmd("STOU f").code == 150:
        data.sendall(b"new")
        data.close()
        client.expect(226)
    assert (site.dir / "f").read_bytes() == b"old"


def test_empty_files(site):
    client = site.raw()
    client.put("STOR f", b"")
    client.expect(213, "SIZE f")
    assert client.get("RETR f") == b""


# ---------------------------------------------------------------- facts

OLD = 1577934245                    # 2020-01-02 03:04:05 UTC


def test_size_and_mdtm(site):
    make(site.dir, "f", b"12345", OLD)
    client = site.raw()
    client.expect(200, "TYPE I")
    assert client.expect(213, "SIZE f").text == "213 5"
    assert re.fullmatch(r"213 20200102030405(\.0+)?", client.expect(213, "MDTM f").text)


def test_mfmt(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    reply = client.expect(213, "MFMT 20200102030405 f")
    assert re.match(r"213 Modify=20200102030405; ", reply.text, re.I) and reply.text.endswith("f")
    assert (site.dir / "f").stat().st_mtime == OLD
    client.expect(213, "MFMT 19991231235959 f")
    assert (site.dir / "f").stat().st_mtime == calendar.timegm((1999, 12, 31, 23, 59, 59))


def test_mff(site):
    make(site.dir, "f f", b"x")
    reply = site.raw().expect(213, "MFF Modify=20200102030405; f f")
    assert "modify=20200102030405;" in reply.text.lower() and reply.text.endswith("f f")
    assert (site.dir / "f f").stat().st_mtime == OLD


def test_mff_of_a_fact_that_cannot_change(site):
    make(site.dir, "f", b"x", OLD)
    client = site.raw()
    client.expect((4, 5), "MFF Size=100;Modify=20210102030405; f")
    assert (site.dir / "f").stat().st_size == 1 and (site.dir / "f").stat().st_mtime == OLD


def test_mdtm_with_a_time_sets_nothing(site):
    """Old clients misuse MDTM to set times: it is a question about a file of that name here (or does set it), never a 213 with a lie."""
    make(site.dir, "f", b"x", OLD)
    reply = site.raw().cmd("MDTM 20210102030405 f")
    mtime = (site.dir / "f").stat().st_mtime
    assert (reply.code == 550 and mtime == OLD) or (reply.code in (213, 253) and time.gmtime(mtime)[:3] == (2021, 1, 2))


@pytest.mark.parametrize("line", ["SITE UTIME 20200102030405 f", "SITE UTIME f 20200102030405 20200102030405 20200102030405 UTC"])
def test_site_utime_in_both_forms(site, line):
    make(site.dir, "f", b"x")
    site.raw().expect((200, 213, 250), line)
    assert (site.dir / "f").stat().st_mtime == OLD


def test_site_chmod(site):
    make(site.dir, "f", b"x")
    client = site.raw()
    client.expect((200, 250), "SITE CHMOD 640 f")
    assert (site.dir / "f").stat().st_mode & 0o7777 == 0o640
    client.cmd("SITE CHMOD 4777 f")
    assert (site.dir / "f").stat().st_mode & 0o7000 == 0, "no setuid bits"


def facts_of(client, name):
    reply = client.expect(250, f"MLST {name}")
    assert len(reply.middle) == 1 and reply.middle[0].startswith(" ")
    return entry(reply.middle[0][1:].encode())


def test_mlst_facts_of_a_file(site):
    path = make(site.dir, "a b.txt", b"12345", OLD)
    path.chmod(0o640)
    facts, name = facts_of(site.raw(), "a b.txt")
    assert facts["type"] == "file" and facts["size"] == "5"
    assert re.fullmatch(r"20200102030405(\.0+)?", facts["modify"])
    assert re.fullmatch(r"0?640", facts["unix.mode"]) and facts["unique"] and facts["unix.owner"] and facts["unix.group"]
    assert set("adfrw") >= set(facts["perm"]) >= set("rw")
    assert name.decode() in (f"{site.path}/a b.txt", "a b.txt")


def test_mlst_facts_of_a_folder(site):
    (site.dir / "d").mkdir()
    client = site.raw()
    facts, _ = facts_of(client, "d")
    assert facts["type"] == "dir" and set("cdeflmp") >= set(facts["perm"]) >= set("celmp")
    assert facts_of(client, "")[0]["type"] in ("dir", "cdir")


@pytest.mark.needs("disk")
def test_unique_is_the_same_for_the_same_file_only(site):
    make(site.dir, "f")
    make(site.dir, "g")
    os.link(site.dir / "f", site.dir / "f2")
    client = site.raw()
    unique = {n: facts_of(client, n)[0]["unique"] for n in ("f", "f2", "g")}
    assert unique["f"] == unique["f2"] != unique["g"]


@pytest.mark.parametrize("user, file_perm, dir_perm", [("anonymous", "r", "celm"), ("rita", "r", "el"), ("ann", "r", "celm")])
def test_perm_says_what_the_account_may_do(site, user, file_perm, dir_perm):
    make(site.dir, "f")
    (site.dir / "d").mkdir()
    client = site.raw(user)
    assert set(facts_of(client, "f")[0]["perm"]) == set(file_perm)
    assert set(facts_of(client, "d")[0]["perm"]) == set(dir_perm)


def test_mlsd(site):
    make(site.dir, "f", b"12345", OLD)
    (site.dir / "d").mkdir()
    found = mlsd(site.raw().get("MLSD"))
    assert set(found) == {b"f", b"d"}
    assert found[b"f"]["type"] == "file" and found[b"f"]["size"] == "5" and found[b"f"]["modify"].startswith("20200102030405")
    assert found[b"d"]["type"] == "dir"


def test_mlsd_of_another_folder_and_of_an_empty_one(site):
    (site.dir / "d").mkdir()
    (site.dir / "e").mkdir()
    make(site.dir / "d", "x y")
    client = site.raw()
    assert set(mlsd(client.get("MLSD d"))) == {b"x y"}
    assert set(mlsd(client.get(f"MLSD {site.path}/d/"))) == {b"x y"}
    assert mlsd(client.get("MLSD e")) == {}


def test_mlsd_of_a_missing_folder_is_550(site):
    """rclone syncs into folders that do not exist yet, and takes 501 for a fault."""
    site.raw().refused("MLSD nothing", 550)


def test_mlsd_of_a_file_is_501(site):
    make(site.dir, "f")
    site.raw().refused("MLSD f", 501)


def test_opts_mlst_chooses_the_facts(site):
    make(site.dir, "f", b"12345")
    client = site.raw()
    assert client.expect(200, "OPTS MLST size;type;nosuch;").text.lower().startswith("200 mlst opts ")
    assert set(facts_of(client, "f")[0]) == {"type", "size"}
    assert set(mlsd(client.get("MLSD"))[b"f"]) == {"type", "size"}
    feat = [line for line in client.expect(211, "FEAT").middle if line.upper().startswith(" MLST ")][0].lower()
    assert "size*;" in feat and "type*;" in feat and "modify;" in feat
    client.expect(200, "OPTS MLST")
    assert facts_of(client, "f")[0] == {}
    client.expect(200, "OPTS MLST Type;Size;Modify;UNIX.mode;UNIX.owner;UNIX.group;Unique;Perm;")
    assert len(facts_of(client, "f")[0]) == 8


# ---------------------------------------------------------------- LIST and NLST

def test_list_has_the_form_of_ls(site):
    make(site.dir, "new", b"12345")
    make(site.dir, "old file", b"1", OLD).chmod(0o600)
    (site.dir / "d").mkdir()
    found = ls(site.raw().get("LIST"))
    assert set(found) == {b"new", b"old file", b"d"}
    assert found[b"new"][0] == "-" and found[b"new"][4] == 5
    assert found[b"old file"][1] == "rw-------" and found[b"old file"][5] == "Jan  2  2020"
    assert found[b"d"][0] == "d"
    owner = found[b"new"][2]
    assert not owner.isdigit(), "owner and group are words"


def test_list_dates_are_utc(site):
    then = time.time() - 3600 * 24 * 3
    make(site.dir, "f", b"", then)
    assert ls(site.raw().get("LIST"))[b"f"][5] == time.strftime("%b %e %H:%M", time.gmtime(then))


@pytest.mark.parametrize("flags", ["-a", "-l", "-la", "-al", "-aL", "-L", "-A"])
def test_list_takes_the_flags_that_clients_send(site, flags):
    make(site.dir, "f", b"12345")
    (site.dir / "d").mkdir()
    make(site.dir / "d", "inside")
    client = site.raw()
    assert set(ls(client.get(f"LIST {flags}"))) - {b".", b".."} == {b"f", b"d"}
    assert set(ls(client.get(f"LIST {flags} d"))) - {b".", b".."} == {b"inside"}


@pytest.mark.parametrize("flags", ["-1", "-a", "-l", "-1a"])
def test_nlst_takes_flags_too(site, flags):
    """ncftpls sends `NLST -1`."""
    make(site.dir, "f", b"12345")
    assert site.raw().get(f"NLST {flags}").split()[-1] == b"f"


def test_list_of_a_file_and_of_a_path(site):
    make(site.dir, "f", b"12345")
    (site.dir / "d e").mkdir()
    make(site.dir / "d e", "inside")
    client = site.raw()
    found = ls(client.get("LIST f"))
    assert len(found) == 1 and list(found.values())[0][4] == 5
    assert set(ls(client.get("LIST d e"))) == {b"inside"}
    assert set(ls(client.get(f"LIST {site.path}/d e/"))) == {b"inside"}


@pytest.mark.parametrize("pattern, expected", [("*.txt", {b"a.txt", b"b.txt"}), ("?.txt", {b"a.txt", b"b.txt"}), ("a*", {b"a.txt", b"a.bin"}),
                                               ("*", {b"a.txt", b"b.txt", b"a.bin"}), ("[ab].txt", {b"a.txt", b"b.txt"})])
def test_patterns(site, pattern, expected):
    for name in "a.txt", "b.txt", "a.bin":
        make(site.dir, name, b"x")
    client = site.raw()
    assert set(nlst(client.get(f"NLST {pattern}"))) == expected
    assert set(ls(client.get(f"LIST {pattern}"))) == expected
    assert set(ls(client.get(f"LIST -la {pattern}"))) - {b".", b".."} == expected


@pytest.mark.parametrize("line", ["NLST *.none", "LIST *.none"])
def test_pattern_without_a_match(site, line):
    make(site.dir, "f")
    client = site.raw()
    data = client.epsv()()
    if client.expect((150, 450, 550), line).code == 150:
        assert receive_all(data) == b""
        client.expect((226, 450, 550))


def test_a_pattern_is_a_name_first(site):
    make(site.dir, "f[1].txt", b"x")
    client = site.raw()
    assert nlst(client.get("NLST f[1].txt")) == [b"f[1].txt"]
    assert client.get("RETR f[1].txt") == b"x"


@pytest.mark.parametrize("line", ["LIST nothing", "NLST nothing", "LIST -la nothing", "LIST no/such/path", "NLST -a nothing"])
def test_list_of_a_missing_path(site, line):
    site.raw().refused(line, (450, 550))


def test_nlst_names_work_in_retr(site):
    """RFC 1123 4.1.2.7: each name can be the argument of the next command as it is."""
    (site.dir / "d").mkdir()
    for name in "a b", "c.txt", "ü 文件", "-a":
        make(site.dir, name, name.encode())
        make(site.dir / "d", name, name.encode())
    client = site.raw()
    for line, count in ("NLST", 5), ("NLST d", 4), ("NLST d/*", 4), ("NLST *.txt", 1), (f"NLST {site.path}/d", 4), ("NLST d/c*", 1):
        listed = nlst(client.get(line))
        assert len(listed) == count, line
        for name in listed:
            if name != b"d":
                assert client.get(b"RETR " + name) == name.rsplit(b"/", 1)[-1]


def test_listing_of_an_empty_folder(site):
    client = site.raw()
    assert client.get("LIST") in (b"", b"total 0\r\n")
    assert client.get("NLST") == b""
    assert mlsd(client.get("MLSD")) == {}


# ---------------------------------------------------------------- names

NAMES = [b" starts with a space", b"ends with a space ", b"  ", b"back\\slash", b"~", b"~root", b"'single' \"double\"", b"latin-1 \xe4\xf6\xfc",
         "文件.txt".encode(), b"n" * 255, ("é" * 127).encode(), b"-la", b"semi;colon", b"a=b", b"%s%n%d", b"*?[x]{y,z}", b"$HOME `id` $(id)", b"CON", b"a|b",
         b"\xff\xfe", b"tab-less & plus+", b"x -> y"]


@pytest.mark.parametrize("name", NAMES, ids=lambda n: repr(n[:20]))
def test_names_are_bytes(site, name):
    """Bytes in, bytes out: stored, listed in three ways, read, renamed and deleted under exactly this name."""
    client = site.raw()
    wire = name.replace(b"\xff", b"\xff\xff")           # Telnet: IAC is doubled on the control connection
    client.put(b"STOR " + wire, b"content")
    assert names(site.dir) == {name}
    assert nlst(client.get("NLST")) == [name]
    assert list(mlsd(client.get("MLSD"))) == [name]
    assert list(ls(client.get("LIST"))) == [name]
    assert client.get(b"RETR " + wire) == b"content"
    client.expect(200, "TYPE I")
    client.expect(213, b"SIZE " + wire)
    client.expect(250, b"MLST " + wire)
    client.expect(350, b"RNFR " + wire)
    client.expect(250, "RNTO plain")
    client.expect(350, "RNFR plain")
    client.expect(250, b"RNTO " + wire)
    client.expect(250, b"DELE " + wire)
    client.expect(257, b"MKD " + wire)
    client.expect(250, b"CWD " + wire)
    client.expect(257, "PWD")
    client.expect((200, 250), "CDUP")
    client.expect(250, b"RMD " + wire)
    assert names(site.dir) == set()


def test_a_name_of_256_bytes_is_refused(site):
    client = site.raw()
    client.refused("STOR " + "n" * 256, 5)
    client.expect(5, "MKD " + "n" * 256)
    client.expect(200, "NOOP")


def test_a_path_too_long_is_refused(site):
    client = site.raw()
    client.expect(5, "CWD " + "d/" * 3000)
    client.expect(200, "NOOP")


def test_a_deep_tree_can_be_walked(site):
    client = site.raw()
    for _ in range(40):
        client.expect(257, "MKD " + "d" * 20)
        client.expect(250, "CWD " + "d" * 20)
    client.put("STOR f", b"deep")
    assert client.get("RETR f") == b"deep"
    client.expect(257, "PWD")


@pytest.mark.parametrize("verb", ["DELE", "RMD", "RETR", "STOR", "MKD", "CWD", "SIZE", "RNFR"])
def test_nul_in_a_name_is_refused_and_nothing_happens(site, verb):
    """ProFTPD deletes `f` when asked to delete `f\\0.bak`."""
    make(site.dir, "f", b"x")
    (site.dir / "d").mkdir()
    client = site.raw()
    name = b"d" if verb in ("RMD", "CWD") else b"f"
    client.expect(5, verb.encode() + b" " + name + b"\0.bak")
    assert names(site.dir) == {b"f", b"d"}
    client.expect(200, "NOOP")


FORGED = [b"a\r\n226 done", b"b\nfake", b"c\x1b[2Jd", b"e\x07\x08\x7f", b"f\tg", b"h\rtype=file;size=1; forged", b"\x01"]


@pytest.mark.needs("disk")
def test_control_characters_on_disk_never_reach_a_listing(site):
    for name in FORGED:
        make(site.dir, name, b"x")
    make(site.dir, "good", b"x")
    client = site.raw()
    for line in "LIST", "NLST", "MLSD", "LIST -la", "LIST *", "NLST *":
        listing = client.get(line)
        assert not re.search(rb"[\x00-\x1f\x7f]", listing.replace(b"\r\n", b"")), f"{line}: {listing!r}"
        parsed = {"L": ls, "N": nlst, "M": mlsd}[line[0]](listing)
        assert b"good" in parsed and len(set(parsed) - {b".", b".."}) <= len(FORGED) + 1
        assert not {b"226 done", b"fake", b"forged"} & set(parsed)
    client.expect((212, 213), f"STAT {site.path}")
    client.expect(200, "NOOP")


@pytest.mark.parametrize("verb", ["CWD", "RETR", "SIZE", "DELE", "MLST", "MKD", "RMD", "RNFR", "STAT", "HELP", "CLNT", "OPTS", "SITE", "USER", "TYPE"])
def test_control_characters_in_an_argument_never_reach_a_reply(site, verb):
    """The form of each reply is checked as it is read."""
    client = site.raw()
    client.cmd(verb.encode() + b" a\x1b[31m\x07\x08b\x7f\tc\rd")
    client.cmd("NOOP")


@pytest.mark.needs("disk")
def test_folders_with_control_characters_never_reach_pwd(site):
    os.mkdir(os.fsencode(site.dir) + b"/d\x1b[31m")
    client = site.raw()
    client.cmd(b"CWD d\x1b[31m")
    client.expect(257, "PWD")


# ---------------------------------------------------------------- while data moves

@pytest.fixture
def big(site):
    content = blob(1 << 20) * (BIG >> 20)
    make(site.dir, "big", content)
    return content


def start_download(client):
    """A download that is certainly under way and certainly not done: the client does not read."""
    data = client.epsv()()
    client.expect(OPEN, "RETR big")
    return data


def test_noop_and_stat_are_answered_during_a_download(site, big):
    client = site.raw()
    data = start_download(client)
    client.expect(200, "NOOP")
    client.expect((211, 213), "STAT")
    assert receive_all(data) == big
    client.expect(226)


def test_noop_and_stat_are_answered_during_an_upload(site):
    client = site.raw()
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    data.sendall(b"one")
    client.expect(200, "NOOP")
    client.expect((211, 213), "STAT")
    data.sendall(b"two")
    data.close()
    client.expect(226)
    assert (site.dir / "f").read_bytes() == b"onetwo"


def test_other_commands_during_a_transfer_are_kept_for_later(site, big):
    client = site.raw()
    data = start_download(client)
    client.send(b"PWD\r\nSIZE big\r\n")
    assert receive_all(data) == big
    replies = sorted(client.reply().code for _ in range(3))
    assert replies in ([213, 226, 257], [226, 503, 503], [226, 450, 450])
    client.expect(200, "NOOP")


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_abor_during_a_transfer(site, big, direction):
    client = site.raw()
    if direction == "download":
        data = start_download(client)
    else:
        data = client.epsv()()
        client.expect(OPEN, "STOR f")
        data.sendall(b"half")
    client.expect(426, "ABOR")
    client.expect(226)
    client.expect(200, "NOOP")
    assert names(site.dir) == {b"big"}
    data.close()
    client.put("STOR g", b"the session goes on")


def test_abor_when_idle(site):
    client = site.raw()
    client.expect((225, 226), "ABOR")
    client.epsv_port()
    client.expect((225, 226), "ABOR")
    client.expect(200, "NOOP")


IP, DM, IAC, NOP = b"\xff\xf4", b"\xff\xf2", b"\xff", b"\xff\xf1"


def test_abor_with_the_telnet_sequence_and_urgent_data(site, big):
    """RFC 959: IAC IP, then IAC DM with the DM as urgent data, then ABOR."""
    client = site.raw()
    start_download(client)
    client.sock.send(IP)
    client.sock.send(IAC, socket.MSG_OOB)
    client.sock.send(b"\xf2ABOR\r\n")
    client.expect(426)
    client.expect(226)
    client.expect(200, "NOOP")


@pytest.mark.parametrize("urgent", [b"\xf2", IP + DM], ids=["dm", "all"])
def test_abor_with_other_urgent_bytes(site, big, urgent):
    """What lftp, tnftp and curl send differs in which bytes are urgent."""
    client = site.raw()
    start_download(client)
    if urgent == b"\xf2":
        client.sock.send(IP + IAC)
    client.sock.send(urgent, socket.MSG_OOB)
    client.send(b"ABOR\r\n")
    client.expect(426)
    client.expect(226)
    client.expect(200, "NOOP")


def test_telnet_sequences_inside_commands_are_taken_out(site):
    client = site.raw()
    client.send(b"NO" + NOP + b"OP\r\n")
    client.expect(200)
    client.send(IP + DM + b"NOOP\r\n")
    client.expect(200)
    client.send(b"NOOP\r" + NOP + b"\n")
    client.expect((200, 500, 501))


def test_telnet_negotiation_leaves_the_session_usable(site):
    client = site.raw()
    client.send(b"\xff\xfb\x01\xff\xfd\x03NOOP\r\n")                # WILL ECHO, DO SUPPRESS-GO-AHEAD
    answer = b""
    while not answer.endswith(b"\r\n"):
        answer += client.sock.recv(1000)
    assert re.fullmatch(rb"(\xff[\xfc\xfe].)*200 .*\r\n", answer)
    client.expect(200, "NOOP")


def test_a_lone_iac_at_the_end_of_a_line(site):
    client = site.raw()
    client.send(b"NOOP\xff\r\nNOOP\r\n")
    client.send(b"PWD\r\n")
    until(lambda: client.reply().code == 257, "the session stays in step")


# ---------------------------------------------------------------- how commands arrive

def test_commands_pipelined_in_one_packet(site):
    client = site.raw()
    client.send(b"NOOP\r\nPWD\r\nSYST\r\nTYPE I\r\nXYZZY\r\nNOOP\r\n")
    assert [client.reply().code for _ in range(6)] in ([200, 257, 215, 200, c, 200] for c in (500, 502))


def test_a_whole_login_in_one_packet(site):
    make(site.dir, "f", b"123")
    client = site.server.raw()
    client.send(f"USER bob\r\nPASS secret\r\nCWD {site.path}\r\nTYPE I\r\nSIZE f\r\nQUIT\r\n".encode())
    assert [client.reply().code for _ in range(6)] == [331, 230, 250, 200, 213, 221]


def test_pipelined_around_a_transfer(site):
    make(site.dir, "f", b"123")
    client = site.raw()
    data = client.epsv()()
    client.send(b"TYPE I\r\nRETR f\r\nPWD\r\nNOOP\r\n")
    assert receive_all(data) == b"123"
    codes = [client.reply().code for _ in range(5)]
    assert codes[:2] == [200, 150] and sorted(codes[2:]) == [200, 226, 257]


def test_hundreds_pipelined(site):
    client = site.raw()
    client.send(b"NOOP\r\n" * 500 + b"PWD\r\n")
    assert [client.reply().code for _ in range(501)] == [200] * 500 + [257]


def test_commands_split_byte_by_byte(site):
    client = site.server.raw()
    for byte in b"USER bob\r\nPASS secret\r\nPWD\r\n":
        client.sock.send(bytes([byte]))
    assert [client.reply().code for _ in range(3)] == [331, 230, 257]


def test_bare_lf_ends_a_command(site):
    client = site.raw()
    client.send(b"NOOP\nPWD\nNOOP\r\n")
    assert [client.reply().code for _ in range(3)] == [200, 257, 200]


def test_cr_and_lf_in_two_packets(site):
    """It hangs ProFTPD."""
    client = site.raw()
    for _ in range(3):
        client.send(b"NOOP\r")
        assert not ready(client.sock, 0.05)
        client.send(b"\n")
        client.expect(200)


def test_trailing_spaces_after_a_verb(site):
    client = site.raw()
    client.expect(200, "NOOP ")
    client.expect(257, "PWD ")


def test_control_connection_closed_without_quit(site):
    """wget just closes."""
    client = site.raw()
    client.close()
    site.raw().expect(200, "NOOP")
