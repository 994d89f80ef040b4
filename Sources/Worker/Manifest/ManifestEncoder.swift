import Encoding
import ExportCore
import JobStore

/// A job's `manifest.json`, piece by piece:
///
/// ```json
/// {"exportJobId":"…","provider":"…","parameters":{…},"correlationId":"…","createdAt":"2026-02-28T07:05:01.250Z","location":"s3://…",
///  "files":2,"objects":[
/// {"name":"a.csv","source":"https://…/a.csv.gz","bytes":12,"sha256":"…","key":"out/acme/2026-02-28/job-1/a.csv"},
/// …
/// ],"skipped":[
/// {"name":"b.csv","source":"https://…/b.csv.gz","errorCode":"checksum-mismatch","errorMessage":"…"}
/// ]}
/// ```
/// `listedName` is the file's name in the provider's listing, if the stored name differs from it for another reason than that the file was
/// unpacked. `skipped` is present when files could not be fetched and the provider file says `onFileFailure: skip`; `files` counts them too. `partial` says
/// what is missing if the provider called the export partial. `key`
/// is the whole key, with the output's prefix; `location` is the URL of the job's folder. The manifest depends only on the job and its
/// objects, so writing it twice gives the same bytes.
struct ManifestEncoder {
    private var isFirst = true

    func head(_ job: Job, location: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("exportJobId", job.id.text)
        json.field("provider", job.request.provider)
        // As the store keeps it: a compact JSON object.
        json.field("parameters", json: job.request.parameters)
        json.field("correlationId", job.request.correlationID)
        json.field("createdAt", UTCTime(milliseconds: job.createdAt))
        json.field("location", location)
        json.field("files", job.state.filesTotal)
        if let missing = job.exportHandle.flatMap({ ExportHandle($0).partial }) { json.field("partial", missing) }
        json.beginArray("objects")
        return json.bytes
    }

    mutating func object(_ object: StoredObject) -> [UInt8] {
        defer { isFirst = false }
        var writer = JSONWriter()
        writer.object { json in
            json.field("name", object.name)
            if let listedName = object.listedName { json.field("listedName", listedName) }
            json.field("source", object.source)
            json.field("bytes", object.bytes)
            json.field("sha256", object.sha256)
            json.field("key", object.key)
        }
        return Array((isFirst ? "\n" : ",\n").utf8) + writer.bytes
    }

    func tail(skipped: [FailedFile] = []) -> [UInt8] {
        guard !skipped.isEmpty else { return Array("\n]}\n".utf8) }
        let files = skipped.map { file in
            var writer = JSONWriter()
            writer.object { json in
                json.field("name", file.name)
                if file.name != file.listedName { json.field("listedName", file.listedName) }
                json.field("source", FileTransfer.withoutSecrets(file.url))
                json.field("errorCode", file.error.code)
                json.field("errorMessage", file.error.message)
            }
            return String(decoding: writer.bytes, as: UTF8.self)
        }
        return Array("\n],\"skipped\":[\n\(files.joined(separator: ",\n"))\n]}\n".utf8)
    }
}
