import Foundation
import SwiftProtobuf
import TraceContext
import Tracing

typealias OTLPResponse = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceResponse

/// Spans as OTLP encodes them (https://opentelemetry.io/docs/specs/otlp, `ExportTraceServiceRequest`).
struct OTLPRequest {
    private typealias Message = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest
    private typealias Span = Opentelemetry_Proto_Trace_V1_Span

    /// The semantic conventions that names and attributes follow.
    private static let schema = "https://opentelemetry.io/schemas/1.44.0"

    let resource: [(key: String, value: String)]
    let version: String

    /// - Throws: an error of SwiftProtobuf if the message would exceed 2 GiB.
    func encoded(_ spans: [SpanRecord]) throws -> [UInt8] {
        let message = Message.with { request in
            request.resourceSpans = [
                .with { resourceSpans in
                    resourceSpans.schemaURL = Self.schema
                    resourceSpans.resource.attributes = resource.map { entry in
                        .with { ($0.key, $0.value.stringValue) = (entry.key, entry.value) }
                    }
                    resourceSpans.scopeSpans = [
                        .with { scope in
                            (scope.scope.name, scope.scope.version, scope.schemaURL) = ("longhaul", version, Self.schema)
                            scope.spans = spans.map(Self.span)
                        }
                    ]
                }
            ]
        }
        return try message.serializedBytes()
    }

    private static func span(_ record: SpanRecord) -> Span {
        .with { span in
            (span.traceID, span.spanID) = (Data(record.context.traceID.bytes), Data(record.context.spanID.bytes))
            if let parent = record.parent { span.parentSpanID = Data(parent.spanID.bytes) }
            span.flags = flags(record.context, isRemote: record.parent?.isRemote ?? false)
            (span.name, span.kind) = (record.name, kind(record.kind))
            (span.startTimeUnixNano, span.endTimeUnixNano) = (record.start, record.end)
            span.attributes = OTLPValue.list(record.attributes)
            span.droppedAttributesCount = UInt32(clamping: record.droppedAttributes)
            span.events = record.events.map { event in
                .with {
                    ($0.name, $0.timeUnixNano) = (event.name, event.nanosecondsSinceEpoch)
                    $0.attributes = OTLPValue.list(event.attributes)
                }
            }
            span.droppedEventsCount = UInt32(clamping: record.droppedEvents)
            span.links = record.links.map { link in
                .with {
                    ($0.traceID, $0.spanID) = (Data(link.traceID.bytes), Data(link.spanID.bytes))
                    $0.flags = flags(link, isRemote: link.isRemote)
                }
            }
            span.droppedLinksCount = UInt32(clamping: record.droppedLinks)
            guard let status = record.status else { return }
            span.status.code = status.code == .error ? .error : .ok
            if let message = status.message { span.status.message = OTLPValue.bounded(message) }
        }
    }

    /// Those of W3C, and whether the parent or the linked span is in another process (`SpanFlags`).
    private static func flags(_ context: TraceContext, isRemote: Bool) -> UInt32 {
        UInt32(context.flags) | 0x100 | (isRemote ? 0x200 : 0)
    }

    private static func kind(_ kind: SpanKind) -> Span.SpanKind {
        switch kind {
        case .server: .server
        case .client: .client
        case .producer: .producer
        case .consumer: .consumer
        case .internal: .internal
        }
    }
}
