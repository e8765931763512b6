import PlainText
import Testing

@Suite struct UnifiedDiffTests {
    @Test func `a change stands between three lines of what is the same`() {
        let old = (1...12).map { "line \($0)" }
        var new = old
        new[5] = "line six"
        new.append("line 13")
        #expect(
            UnifiedDiff(from: old, to: new).rendered() == """
                @@ -3,10 +3,11 @@
                 line 3
                 line 4
                 line 5
                -line 6
                +line six
                 line 7
                 line 8
                 line 9
                 line 10
                 line 11
                 line 12
                +line 13
                """)
    }

    @Test func `changes far from each other are told apart`() {
        let old = (1...30).map(String.init)
        var new = old
        new[0] = "one"
        new.remove(at: 25)
        let places = UnifiedDiff(from: old, to: new).lines.filter {
            if case .place = $0 { true } else { false }
        }
        #expect(places == [.place("@@ -1,4 +1,4 @@"), .place("@@ -23,7 +23,6 @@")])
    }

    @Test(arguments: [
        ("", "", ""), ("a\n", "a\n", ""), ("", "a\n", "@@ -0,0 +1 @@\n+a"), ("a\n", "", "@@ -1 +0,0 @@\n-a"),
        ("a\nb\n", "b\na\n", "@@ -1,2 +1,2 @@\n-a\n b\n+a"),
    ])
    func `short texts`(old: String, new: String, difference: String) {
        #expect(UnifiedDiff(from: old, to: new).rendered() == difference)
    }

    @Test func `a terminal shows colours`() {
        #expect(
            UnifiedDiff(from: "a\n", to: "b\n").rendered(isColored: true)
                == "\u{1B}[36m@@ -1 +1 @@\u{1B}[0m\n\u{1B}[31m-a\u{1B}[0m\n\u{1B}[32m+b\u{1B}[0m")
    }
}
