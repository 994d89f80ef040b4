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
/// `skipped` is there when files could not be fetched, and the provider file says `onFileFailure: skip`; `files` counts them too.
/// `key` is the whole key, the output's prefix included; `location` is the URL of the job's folder. It depends on nothing but the job
/// and its objects, so that writing it twice gives the same bytes.
struct ManifestEncoder {
    private var isFirst = true

    func head(_ job: ExportJob, location: String) -> [UInt8] {
        let members = [
            "\"exportJobId\":\(Self.string(job.id.text))", "\"provider\":\(Self.string(job.provider))",
            // As the store keeps it: a compact JSON object.
            "\"parameters\":\(job.parameters)", "\"correlationId\":\(Self.string(job.correlationID))",
            "\"createdAt\":\"\(UTCTime(milliseconds: job.createdAt).timestamp)\"", "\"location\":\(Self.string(location))",
            "\"files\":\(job.state.filesTotal)",
        ]
        return Array("{\(members.joined(separator: ",")),\"objects\":[".utf8)
    }

    /// By hand, since there is one for each file of each job.
    mutating func object(_ object: StoredObject) -> [UInt8] {
        var text = Array((isFirst ? #"\#n{"name":"# : #",\#n{"name":"#).utf8)
        isFirst = false
        FlatJSON.append(object.name, to: &text)
        text.append(contentsOf: #","source":"#.utf8)
        FlatJSON.append(object.source, to: &text)
        text.append(contentsOf: #","bytes":\#(object.bytes),"sha256":"#.utf8)
        FlatJSON.append(object.sha256, to: &text)
        text.append(contentsOf: #","key":"#.utf8)
        FlatJSON.append(object.key, to: &text)
        text.append(UInt8(ascii: "}"))
        return text
    }

    func tail(skipped: [FailedFile] = []) -> [UInt8] {
        guard !skipped.isEmpty else { return Array("\n]}\n".utf8) }
        let files = skipped.map { file in
            """
            {"name":\(Self.string(file.name)),"source":\(Self.string(FileTransfer.withoutSecrets(file.url))),\
            "errorCode":\(Self.string(file.error.code)),"errorMessage":\(Self.string(file.error.message))}
            """
        }
        return Array("\n],\"skipped\":[\n\(files.joined(separator: ",\n"))\n]}\n".utf8)
    }

    private static func string(_ text: String) -> String {
        var quoted: [UInt8] = []
        FlatJSON.append(text, to: &quoted)
        return String(decoding: quoted, as: UTF8.self)
    }
}
