import ClusterRecords
import Testing

@Suite struct ImageAnswerTests {
    @Test(arguments: [
        (ImageAnswer(version: "17.12", hasProbePort: true), "17.12 probes"),
        (ImageAnswer(version: "15.20", hasProbePort: false), "15.20"),
    ])
    func `an answer is read as it was written`(answer: ImageAnswer, text: String) {
        #expect(answer.text == text)
        #expect(ImageAnswer(text) == answer)
        #expect(ImageAnswer(" \(text)\n") == answer)
    }

    @Test func `what a later image adds is passed over`() {
        #expect(ImageAnswer("18.1 backups probes") == ImageAnswer(version: "18.1", hasProbePort: true))
        #expect(ImageAnswer("18.1 backups") == ImageAnswer(version: "18.1", hasProbePort: false))
    }

    @Test(arguments: [
        "", " ", "17", "seventeen", "17.12; 15.20", "usage: matriarch", "017.1", "1234.1", "17.1234", "probes",
        "probes 17.12",
        "17.12 15.20", "17.12 Probes", "17.12 \u{e9}", "17.12probes",
    ])
    func `what is no answer is none`(text: String) {
        #expect(ImageAnswer(text) == nil)
    }
}
