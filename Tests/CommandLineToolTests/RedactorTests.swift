import KubernetesModels
import Testing

@testable import CommandLineTool

/// What `matriarch report` hands to strangers.
@Suite struct RedactorTests {
    private let redactor = Redactor(secrets: ["open sesame", "line", "sesame-2\n", #"it's "my\own"#])

    @Test(
        arguments: [
            ("the open sesame is known", "the (hidden) is known"), ("b3BlbiBzZXNhbWU=", "(hidden)"),
            ("open%20sesame", "(hidden)"), ("a line is too short to be told from text", nil),
            ("is sesame-2 here", "is (hidden) here"),
            ("postgresql://app:x@host/db", "postgresql://app:(hidden)@host/db"),
            ("host=a password=b c", "host=a password=(hidden) c"),
            ("PGPASSWORD='a b' psql", "PGPASSWORD=(hidden) psql"),
            ("ALTER ROLE a PASSWORD 'it''s' VALID", "ALTER ROLE a PASSWORD (hidden) VALID"),
            (
                #"{"level":"z","message":"a password=b c","password":"y"}"#,
                #"{"level":"z","message":"a password=(hidden) c","password":"(hidden)"}"#
            ),
            (#"tail of {"password":"y","level":"z"}"#, #"tail of {"password":(hidden),"level":"z"}"#),
            ("ldapbindpasswd=x ldapport=1", "ldapbindpasswd=(hidden) ldapport=1"),
            ("Authorization: Bearer abcdef.g", "Authorization: Bearer (hidden)"),
            ("SCRAM-SHA-256$4096:salt$key:key", "(hidden)"), ("md5" + String(repeating: "0", count: 32), "(hidden)"),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a (hidden) b"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "(hidden)"),
            // Known values, as they are written elsewhere.
            (#"{"a":"it's \"my\\own"}"#, #"{"a":"(hidden)"}"#),
            (#"broken {"a":"it's \"my\\own""#, #"broken {"a":"(hidden)""#),
            (#"SELECT 'it''s "my\own'"#, "SELECT '(hidden)'"),
            // What a reload logs, and a command that fails.
            (
                #"LOG:  parameter "my.secret" changed to "a "b" c""#,
                #"LOG:  parameter "my.secret" changed to "(hidden)"#
            ),
            (#"LOG:  parameter "work_mem" changed to "8MB""#, nil),
            (
                #"parameter "restore_command" cannot be changed to "x" now"#,
                #"parameter "restore_command" cannot be changed to "(hidden)"#
            ),
            (
                "DETAIL:  The failed archive command was: curl -u a:b c",
                "DETAIL:  The failed archive command was: (hidden)"
            ),
            (#"WARNING:  recovery_end_command "x y": exit 1"#, #"WARNING:  recovery_end_command "(hidden)"#),
            ("archive command failed with exit code 1", nil),
            ("archive_command = curl -u a:b c", "archive_command = (hidden)"),
            ("ALTER SYSTEM SET my.secret TO 'x y'; -- z", "ALTER SYSTEM SET my.secret TO (hidden); -- z"),
            // Lines of pg_hba.conf, as PostgreSQL documents them.
            (
                #"host all all all radius radiusservers="a,b" radiussecrets="""secret one"",""secret two""" radiusports=1"#,
                #"host all all all radius radiusservers="a,b" radiussecrets=(hidden) radiusports=1"#
            ),
            (
                #"host all all all ldap "ldapbindpasswd=a b" ldapport=1"#,
                #"host all all all ldap "ldapbindpasswd=(hidden)" ldapport=1"#
            ),
            ("host all all all radius radiussecrets=a,b map=1", "host all all all radius radiussecrets=(hidden) map=1"),
            // Connection strings.
            (#"host=a password='b\'c d' user=e"#, "host=a password=(hidden) user=e"),
            ("host=a password=b;c,d&e}f user=g", "host=a password=(hidden) user=g"),
            ("redis://:x@host", "redis://:(hidden)@host"), ("https://a:b@c@host", "https://a:(hidden)@host"),
            // Arguments.
            ("x --password y z", "x --password (hidden) z"), ("curl -u a:b https://c", "curl -u a:(hidden) https://c"),
            ("sshpass -p x ssh", "sshpass -p (hidden) ssh"),
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

    @Test func `what is called like a secret is hidden whatever is below it, unless it says where a Secret is`() {
        let object: JSONValue = [
            "annotations": ["secret": "plain"], "secrets": ["a", "b"], "credentials": ["user": "a", "keys": ["b"]],
            "passwords": ["alice": 5, "nobody": .null], "args": ["--user", "--token", "x", "-u", "a:b", "-u", "c"],
            "imagePullSecrets": [["name": "pull"]],
            "volumes": [["secret": ["secretName": "demo-app", "defaultMode": 384]]],
            "valueFrom": ["secretKeyRef": ["name": "demo-app", "key": "password"]],
        ]
        #expect(
            redactor.value(object) == [
                "annotations": ["secret": "(hidden)"], "secrets": ["(hidden)", "(hidden)"],
                "credentials": ["user": "(hidden)", "keys": ["(hidden)"]],
                "passwords": ["alice": "(hidden)", "nobody": .null],
                "args": ["--user", "--token", "(hidden)", "-u", "(hidden)", "-u", "c"],
                "imagePullSecrets": [["name": "pull"]],
                "volumes": [["secret": ["secretName": "demo-app", "defaultMode": 384]]],
                "valueFrom": ["secretKeyRef": ["name": "demo-app", "key": "password"]],
            ])
    }

    @Test func `lines stay lines, whatever ends them`() {
        #expect(redactor.text("a password=b\r\nc\nd\n") == "a password=(hidden)\r\nc\nd\n")
        #expect(redactor.text("") == "")
        #expect(redactor.text("x\n-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\ny") == "x\n(hidden)\ny")
    }
}
