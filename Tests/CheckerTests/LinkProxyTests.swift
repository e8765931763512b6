import Fence
import Glibc
import HTTPTransport
import TestSupport
import Testing
import Units

/// The proxy before the API server, with a server that answers every request with its number.
struct LinkProxyTests {
    private final class Counter: Sendable {
        let listener: TCPListener

        init() throws {
            listener = try TCPListener { connection in
                var count = 0
                var buffer = [UInt8](repeating: 0, count: 4096)
                // Requests here have no body and come one by one.
                while recv(connection, &buffer, buffer.count, 0) > 0 {
                    count += 1
                    let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(count)".utf8)
                    send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }

    private func ask(_ proxy: LinkProxy, over transport: HTTPTransport, within limit: Duration = .seconds(5))
        async throws(HTTPTransportError) -> HTTPResponse
    {
        try await transport.send(HTTPRequest(method: .get, url: "http://127.0.0.1:\(proxy.port)/"), deadline: limit)
    }

    @Test func `what is not held passes, and the latency counts each way`() async throws {
        let server = try Counter()
        let proxy = try LinkProxy(upstream: server.listener.port, content: .http)
        let transport = HTTPTransport()
        #expect(try await ask(proxy, over: transport).status == 200)
        proxy.conditions.latency = .milliseconds(200)
        let start = BootClock.now()
        #expect(try await ask(proxy, over: transport).status == 200)
        #expect(BootClock.now() - start >= .milliseconds(400))
        #expect(proxy.requests == 2)
        transport.shutdown()
    }

    @Test func `answers that are held come when they are let go`() async throws {
        let server = try Counter()
        let proxy = try LinkProxy(upstream: server.listener.port)
        proxy.conditions.holdsAnswers = true
        let transport = HTTPTransport()
        await #expect(throws: HTTPTransportError.self) {
            try await ask(proxy, over: transport, within: .milliseconds(200))
        }
        async let answer = ask(proxy, over: transport)
        proxy.conditions.holdsAnswers = false
        #expect(try await answer.status == 200)
        transport.shutdown()
    }

    @Test func `a refused request never reaches the server, a lost answer ends the connection`() async throws {
        let server = try Counter()
        let proxy = try LinkProxy(upstream: server.listener.port, content: .http)
        let transport = HTTPTransport()
        proxy.conditions.misfortune = .init(share: 1, endings: [.status(429)])
        let refusal = try await ask(proxy, over: transport)
        #expect(refusal.status == 429)
        #expect(String(decoding: refusal.body, as: UTF8.self).contains("TooManyRequests"))
        proxy.conditions.misfortune = nil
        #expect(try await ask(proxy, over: transport).body == Array("1".utf8))
        proxy.conditions.misfortune = .init(share: 1, endings: [.answerLost])
        await #expect(throws: HTTPTransportError.self) { try await ask(proxy, over: transport) }
        #expect(proxy.unluckyRequests >= 2)
        transport.shutdown()
    }

    @Test func `a refusing proxy resets every connection`() async throws {
        let server = try Counter()
        let proxy = try LinkProxy(upstream: server.listener.port)
        proxy.conditions.isRefusing = true
        let transport = HTTPTransport()
        await #expect(throws: HTTPTransportError.self) { try await ask(proxy, over: transport) }
        proxy.conditions.isRefusing = false
        #expect(try await ask(proxy, over: transport).status == 200)
        transport.shutdown()
    }
}
