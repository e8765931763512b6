import KubernetesModels
import Testing

@testable import CommandLineTool

/// What `matriarch report` hands to strangers.
@Suite struct RedactorTests {
    private let redactor = Redactor(secrets: ["open sesame", "line", "sesame-2\n"])

    @Test(
        arguments: [
            ("the open sesame is known", "the (hidden) is known"), ("b3BlbiBzZXNhbWU=", "(hidden)"),
            ("open%20sesame", "(hidden)"), ("a line is too short to be told from text", nil),
            ("is sesame-2 here", "is (hidden) here"),
            ("postgresql://app:x@host/db", "postgresql://app:(hidden)@host/db"),
            ("host=a password=b c", "host=a password=(hidden) c"),
            ("PGPASSWORD='a b' psql", "PGPASSWORD=(hidden) psql"),
            ("ALTER ROLE a PASSWORD 'it''s' VALID", "ALTER ROLE a PASSWORD (hidden) VALID"),
            (#"{"message":"x","password":"y","level":"z"}"#, #"{"message":"x","password":(hidden),"level":"z"}"#),
            ("ldapbindpasswd=x ldapport=1", "ldapbindpasswd=(hidden) ldapport=1"),
            ("Authorization: Bearer abcdef.g", "Authorization: Bearer (hidden)"),
            ("SCRAM-SHA-256$4096:salt$key:key", "(hidden)"), ("md5" + String(repeating: "0", count: 32), "(hidden)"),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a (hidden) b"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "(hidden)"),
            ("demo-0 leads on timeline 3; max_connections=100", nil),
            ("password authentication failed for user \"app\"", nil),
        ] as [(String, String?)])
    func `texts lose what is a secret, and nothing else`(text: String, shown: String?) {
        #expect(redactor.text(text) == shown ?? text)
    }

    @Test func `objects lose what is called or kept like a secret`() {
        let object: JSONValue = [
            "metadata": ["managedFields": [["a": 1]], "annotations": ["status": #"{"token":"x","state":"running"}"#]],
            "spec": [
                "secretName": "demo-app",
                "env": [["name": "A", "value": "x"], ["name": "B", "valueFrom": ["a": "b"]]],
                "parameters": ["restore_command": "cp", "work_mem": "8MB"], "password": 5,
            ],
        ]
        #expect(
            redactor.value(object) == [
                "metadata": ["annotations": ["status": #"{"state":"running","token":"(hidden)"}"#]],
                "spec": [
                    "secretName": "demo-app",
                    "env": [["name": "A", "value": "(hidden)"], ["name": "B", "valueFrom": ["a": "b"]]],
                    "parameters": ["restore_command": "(hidden)", "work_mem": "8MB"], "password": "(hidden)",
                ],
            ])
    }
}
