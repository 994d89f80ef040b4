/// Provider files that together have every key and every form of its value. A test says which are missing.
enum EveryKey {
    static let files = [everything, graphQL, signIns, session, forms, aws, xml, data, download, least, lag, backoff]

    private static let everything = """
        provider: everything
        baseURL: https://api.example.com
        auth:
          oauth2:
            { tokenURL: "https://a.example.com/t", grant: refresh_token, clientId: i, clientSecret: s, client: body, refreshToken: "{{ .secrets.R }}",
              scope: x, parameters: { audience: y }, lifetime: 1h, send: { bearer: "{{ .session.access_token }}" }, rotates: true,
              login: { authorizationURL: "https://a.example.com/a", parameters: { p: q }, port: 1, path: /c } }
        proxy: none
        webhook: { url: "https://hooks.example.com/x", secrets: ["{{ .secrets.W }}"], on: [completed, failed] }
        parameters: { type: object }
        redirects: follow
        onFileFailure: fail
        errors: [{ when: .response.body.e?, class: transient, code: .response.body.c, message: .response.body.m, wait: "5" }]
        wait: { header: X-Wait, as: seconds }
        create:
          request: POST /x
          query: { a: "1", b: ["2", "3"] }
          headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }
          auth: false
          json: { a: 1 }
          answer: json
          redirects: never
          errors: [{ when: .response.body.e?, class: permanent, wait: { header: X-Wait, as: date } }]
          export: { id: .response.body.id }
          adopt: { when: .response.status == 409, export: { id: .response.body.id } }
          error: { when: .response.body.e, class: permanent, code: .response.body.c, message: .response.body.m }
          idempotent: true
        find:
          { request: GET /x, query: { a: "1" }, headers: { X-A: a }, auth: { bearer: t }, text: a, answer: auto, redirects: follow,
            errors: [{ when: .response.body.e?, class: ok }], when: .response.body.a, export: { id: .response.body.id } }
        steps:
          - { request: POST /s, query: { a: "1" }, headers: { X-A: a }, auth: { basic: { username: u, password: p } }, form: { a: "1", b: ["2"] }, answer: text,
              redirects: follow, errors: [{ when: .response.body.e?, class: ok }], error: .response.body.m, export: { a: .response.body.a },
              adopt: { when: .response.body.b, export: { a: .response.body.a } }, when: .parameters.a }
          - when: .parameters.b
            status:
              { request: GET /s, query: { a: "1" }, headers: { X-A: a }, auth: { header: { X-T: t } }, xml: <a/>, answer: xml, redirects: follow,
                state: .response.body.s, progress: .response.body.p, export: { a: .response.body.a }, update: { b: .response.body.b },
                states: { queued: q, running: [r], ready: d, partial: p, empty: e, failed: f, expired: x },
                errors: [{ when: .response.body.e?, class: ok }], error: .response.body.m }
        status:
          request: GET /x/{{ .export.id }}
          query: { a: "1" }
          headers: { X-A: a }
          auth: { query: { key: k } }
          multipart: { a: "1", f: { content: c, filename: f, type: text/csv } }
          answer: csv
          redirects: never
          state: .response.body.s
          states: { queued: [q], running: r, ready: [d], partial: [p], empty: [e], failed: [f], expired: [x] }
          progress: .response.body.p
          readyAt: .response.body.t
          export: { doc: .response.body.d }
          update: { next: .response.body.n }
          errors: [{ when: .response.body.e?, class: notYet }]
          error: { message: .response.body.m }
          batch:
            { request: GET /x, query: { a: "1" }, headers: { X-A: a }, auth: { bearer: t }, json: { ids: "{{ .ids }}" }, answer: json, redirects: follow,
              items: .response.body.x, id: .item.id, exportId: .export.id, size: 50, wait: 1s, state: .item.s,
              states: { queued: q, running: [r], ready: d, partial: p, empty: e, failed: f, expired: x }, progress: .item.p, readyAt: .item.t,
              export: { doc: .item.d }, update: { next: .item.n }, errors: [{ when: .response.body.e?, class: ok }], error: .response.body.m }
        files:
          request: GET /x/files
          query: { a: "1" }
          headers: { X-A: a }
          auth: { aws: { accessKeyId: a, secretAccessKey: s, sessionToken: t, region: r, service: s3 } }
          json: {}
          answer: ndjson
          redirects: follow
          items: .response.body.files
          next: .response.body.next
          refresh: true
          body: read
          none: ok
          errors: [{ when: .response.body.e?, class: ok }]
          error: .response.body.m
        download:
          { request: POST /d, query: { a: "1" }, json: { id: "{{ .file.id }}" }, auth: true, headers: { X-A: a }, unpack: none, noContent: empty,
            expect: { type: text/csv }, errors: [{ when: .response.body.e?, class: ok }],
            s3: { region: r, accessKeyId: a, secretAccessKey: s, sessionToken: t, endpoint: "https://s3.example.com" } }
        cancel:
          { request: POST /c, query: { a: "1" }, headers: { X-A: a }, auth: false, json: {}, answer: auto, redirects: follow, errors: [{ when: .response.body.e?, class: ok }],
            states: queued }
        cleanup:
          { request: DELETE /c, query: { a: "1" }, headers: { X-A: a }, auth: false, json: {}, answer: auto, redirects: follow,
            errors: [{ when: .response.body.e?, class: ok }] }
        polling: { policy: learned, pollsPerJob: 8, first: 1s, min: 1s, max: 1m, maxWait: 2h, maxQueued: 1h, maxRunning: 1h, maxAttempts: 10, key: .parameters.a }
        retry: { attempts: 3, base: 1s, cap: 2s, maxThrottled: 1h }
        recreate: { attempts: 1, after: 1m }
        limits: { inFlight: 1, creates: 1/s, checks: 1/m burst 3, answer: 1MiB, longestPause: 1h, tenant: { inFlight: 1, creates: 1/s }, requests: 1/s,
          weights: { create: 1, check: 1, list: 1, cancel: 1, download: 1 }, budget: b }
        secrets: { by: .job.tenant, names: [R] }
        breaker: { window: 60s, minimum: 10, failures: 50%, slow: 80%, slowAfter: 20s, openFor: 15s, longest: 5m, probes: 3, heldProbe: 1m }
        timeouts: { connect: 1s, firstByte: 1s, stall: 1s, whole: 1s }
        """

    private static let graphQL = """
        provider: graphql
        baseURL: https://api.example.com
        auth: { bearer: t }
        create: { request: POST /g, graphql: { query: q, variables: { a: 1 } }, export: { id: .response.body.id }, error: .response.body.m }
        find: { request: POST /g, graphql: { query: q, variables: {} }, export: { id: .response.body.id } }
        steps: [{ request: POST /s, graphql: { query: q, variables: {} } }, { status: { request: POST /s, graphql: { query: q, variables: {} }, state: .response.body.s, states: { ready: d } } }]
        status: { request: POST /g, graphql: { query: q, variables: {} }, state: .response.body.s, states: { running: r, ready: d }, error: .response.body.m }
        files: { request: POST /g, graphql: { query: q, variables: {} }, items: .response.body.f, none: 60s }
        cancel: { request: POST /g, graphql: { query: q, variables: {} }, states: [queued, running] }
        cleanup: { request: POST /g, graphql: { query: q, variables: {} } }
        download: { expect: { type: [text/csv] }, request: POST /d, form: { a: "1" } }
        polling: { policy: fixed, interval: 5s }
        """

    private static let signIns = bodies(
        "auth: { oauth2: { tokenURL: https://a.example.com/t, clientId: i, jwt: { algorithm: RS256, key: k, keyId: i, issuer: a, subject: b, audience: c, claims: { x: 1 }, lifetime: 5m } } }",
        "text: t", "xml: <a/>")

    private static let session = bodies(
        """
        auth:
          session:
            { request: POST /login, query: { a: "1" }, headers: { X-A: a }, auth: { basic: { username: u, password: p } }, json: { a: 1 }, answer: json, redirects: follow,
              values: { token: .response.body.t }, expires: .response.body.e, lifetime: 5m, first: "{{ .secrets.F }}", send: { header: { X-T: "{{ .session.token }}" } },
              errors: [{ when: .response.body.e?, class: unauthorised }] }
        """, "form: { a: b }", "multipart: { a: b, f: { content: c, filename: f, type: t } }")

    private static let forms = bodies(
        "auth: { basic: { username: u, password: p } }", "multipart: { a: b, f: { content: c, filename: f, type: t } }", "form: { a: b }")

    private static let xml = bodies(
        "auth: { session: { request: POST /l, xml: <a/>, values: { t: .response.body.t }, send: { aws: { accessKeyId: a, secretAccessKey: s, region: r, service: x } } } }",
        "xml: <a/>", "text: t")

    private static let aws = bodies(
        "auth: { aws: { accessKeyId: a, secretAccessKey: s, sessionToken: t, region: r, service: athena } }", "json: {}", "text: t")

    /// The bodies that the other files do not have.
    private static func bodies(_ auth: String, _ first: String, _ second: String) -> String {
        """
        provider: bodies
        baseURL: https://api.example.com
        \(auth)
        wait: .response.body.w
        create: { request: POST /x, \(first), export: { id: .response.body.id } }
        find: { request: POST /x, \(second), export: { id: .response.body.id } }
        steps: [{ request: POST /s, \(second) }, { status: { request: POST /s, \(first), state: .response.body.s, states: { ready: [d] } } }]
        status: { request: POST /x, \(first), state: .response.body.s, states: { running: r, ready: d } }
        files: { request: POST /x, \(second), items: .response.body.f }
        download: { request: POST /d, \(first)\(auth.contains("athena") ? ", s3: { endpoint: https://s3.example.com }" : "") }
        cancel: { request: POST /x, \(first) }
        cleanup: { request: POST /x, \(second) }
        """
    }

    private static let data = """
        provider: data
        baseURL: https://api.example.com
        auth: { header: { X-T: t } }
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: GET /x, state: .response.body.s, states: { running: r, ready: d } }
        files: { request: GET /d, data: .response.body.rows, as: csv, name: n.csv, next: .response.body.n, join: true, columns: [a, b] }
        cancel: DELETE /x
        cleanup: DELETE /x
        """

    private static let download = """
        provider: download
        baseURL: https://api.example.com
        auth: { query: { key: k } }
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: GET /x, ready: download }
        """

    private static let least = """
        provider: least
        baseURL: https://api.example.com
        auth:
          tokens:
            use: turns
            of:
              - { bearer: t }
              - { basic: { username: u, password: p } }
              - { header: { X-T: t } }
              - { query: { key: k } }
              - { aws: { accessKeyId: i, secretAccessKey: s, sessionToken: t, region: r, service: s } }
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: GET /x, state: .response.body.s, states: { running: r, ready: d } }
        files: { items: .response.body.f }
        """

    private static let lag = least + "\npolling: { policy: learned, targetLag: 30s }"
    private static let backoff = least + "\npolling: { policy: backoff, initial: 30s, factor: 1.5, max: 5m }"
}
