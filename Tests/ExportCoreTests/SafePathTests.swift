import Testing

@testable import ExportCore

@Suite("A safe path") struct SafePathTests {
    @Test(
        "leaves harmless names unchanged",
        arguments: [
            "report.csv", "2024/01/report.csv", "a b/c+d%20.txt", "ends. ", "trailing./dot", "...", "..a/b..", "naïve/日本語.csv",
            ".hidden",
            "ab:c/d", "1:x", "~/x", "e\u{301}", "\u{E9}", String(repeating: "x", count: 255),
        ])
    func kept(_ name: String) throws {
        // Compares bytes, because `==` treats different normal forms of a text as equal.
        #expect(try Array(SafePath.relative(name).utf8) == Array(name.utf8))
    }

    @Test("drops components that are a single dot", arguments: [("./a", "a"), ("a/./b", "a/b"), ("./././a/.", "a")])
    func dots(_ name: String, _ path: String) throws {
        #expect(try SafePath.relative(name) == path)
    }

    @Test(
        "rejects paths that leave the folder, and invalid names",
        arguments: [
            ("", .empty), (".", .empty), ("./.", .empty),
            ("..", .parent), ("a/../b", .parent), ("a/..", .parent), ("../a", .parent), ("./../a", .parent),
            ("/etc/passwd", .absolute), ("//server/share", .absolute), ("C:/x", .absolute), ("c:x", .absolute), ("Z:", .absolute),
            ("a:b/c", .absolute),
            ("C:\\x", .backslash), ("..\\a", .backslash), ("a\\b", .backslash),
            ("a//b", .emptyComponent), ("a/", .emptyComponent),
            ("a\0b", .controlCharacter), ("a\nb", .controlCharacter), ("a\r\nb", .controlCharacter), ("a\u{7F}", .controlCharacter),
            ("a\u{85}b", .controlCharacter), ("\u{1B}[2J", .controlCharacter),
            (String(repeating: "x", count: 256), .tooLong), (String(repeating: "é", count: 128), .tooLong),
            (String(repeating: "x/", count: 512) + "x", .tooLong),
        ] as [(String, SafePathError.Reason)])
    func refused(_ name: String, _ reason: SafePathError.Reason) {
        #expect(throws: SafePathError(reason: reason, path: name)) { try SafePath.relative(name) }
    }

    @Test("accepts a path of exactly 1024 bytes") func longest() throws {
        let name = String(repeating: "x/", count: 511) + "xx"
        #expect(name.utf8.count == 1024)
        #expect(try SafePath.relative(name) == name)
    }

    @Test("reports a rejected name in one short, printable line") func description() {
        let error = #expect(throws: SafePathError.self) {
            try SafePath.relative("a\n\u{1B}[31m" + String(repeating: "x", count: 900))
        }
        let line = error?.description ?? ""
        #expect(!line.contains("\n"))
        #expect(!line.contains("\u{1B}"))
        #expect(line.utf8.count < 250)
        #expect(line.contains("control character"))
    }
}

@Suite("What is usable of a name") struct UsableNameTests {
    @Test("is all of it, if it is safe", arguments: ["report.csv", "a b/c+d%20.txt", "...", "naïve/日本語.csv", ".hidden", "e\u{301}", "_"])
    func whole(_ name: String) { #expect(SafePath.usable(name).map { Array($0.utf8) } == Array(name.utf8)) }

    @Test(
        "is its harmless part",
        arguments: [
            (" a.csv\r\n", "a.csv"), ("\u{FEFF}a.csv\u{A0}", "a.csv"), ("/etc/passwd", "etc/passwd"), ("../a.csv", "_/a.csv"),
            ("a/../../b.csv", "a/_/_/b.csv"), ("a//b.csv/", "a/b.csv"), ("./a/.", "a"), ("C:\\temp\\a.csv", "C__temp_a.csv"),
            ("a\\b.csv", "a_b.csv"),
            ("c:x.csv", "c_x.csv"), ("a\u{0}b\u{1B}.csv", "a_b_.csv"), ("x/ ../b", "x/ ../b"),
        ])
    func part(_ name: String, _ expected: String) { #expect(SafePath.usable(name) == expected) }

    @Test("is nothing", arguments: ["", " \n", "/", "..", "../..", ".", "\\", "\u{1}/\u{2}"])
    func nothing(_ name: String) { #expect(SafePath.usable(name) == nil) }

    @Test("is cut at a character, before its extension") func cut() throws {
        for character in ["x", "é", "日", "👩‍👩‍👧"] {
            let name = try #require(SafePath.usable("d/" + String(repeating: character, count: 300) + ".csv.gz"))
            #expect(name.hasPrefix("d/" + character) && name.hasSuffix(character + ".csv.gz"))
            #expect((200...255).contains(name.utf8.count - 2))
        }
        #expect(SafePath.usable(String(repeating: "folder/", count: 200) + "a.csv") == "a.csv")
    }
}
