/// Definitions that precede every filter, on its first line, so that libjq's line numbers stay correct. They hide what a filter
/// must not access, and guard functions that terminate the process in libjq 1.6. Definitions that a filter does not use cost
/// nothing.
enum Prelude {
    static let text = (hidden + guarded + exact).joined(separator: " ") + " {} as $ENV | "

    /// Hides the environment, which contains the service's own secrets, and the files and streams of the process.
    private static let hidden = [
        "def env: {};",
        "def stderr: .;",
        // After `halt_error`, libjq 1.6 frees the message again in every later run.
        "def halt: error(\"a filter cannot halt the service\"); def halt_error: halt; def halt_error($code): halt;",
        "def get_search_list: [];",
        "def modulemeta: error(\"modules are not available here\");",
    ]

    /// Guards against times outside the years -99999 to 99999, which fail an assertion, and against a `gsub` whose pattern matches
    /// the empty text, which never ends.
    private static let guarded = [
        """
        def _time_guard: if type == "number" and ((. < 3093527980800 and . > -3218182088401) | not) \
        then error("\\(.) is not a time in seconds since 1970") else . end;
        """,
        "def _gmtime: gmtime; def gmtime: _time_guard | _gmtime;",
        "def _localtime: localtime; def localtime: _time_guard | _localtime;",
        "def _strftime($f): strftime($f); def strftime($f): _time_guard | _strftime($f);",
        "def _strflocaltime($f): strflocaltime($f); def strflocaltime($f): _time_guard | _strflocaltime($f);",
        "def _todate: todate; def todate: _time_guard | _todate; def todateiso8601: todate;",
        "def date: todate; def dateadd(u; n): . + n; def datesub(u; n): . - n;",
        """
        def _gsub_guard($re): if ("" | test($re)) \
        then error("gsub: the pattern matches the empty text, which this jq repeats forever") else $re end;
        """,
        "def _gsub(re; text): gsub(re; text); def gsub($re; text): _gsub(_gsub_guard($re); text);",
        "def _gsub(re; text; $f): gsub(re; text; $f); def gsub($re; text; $f): _gsub(_gsub_guard($re); text; $f);",
    ]

    /// Numbers are doubles. `tonumber` leaves the digits of a larger integer as they are, because another number would be another id;
    /// they are sent as a number. `fromjson` could not leave them in their place: it refuses a text if a number in it was rounded. Only a text
    /// that may hold one is searched, without its strings, in the time of its length.
    private static let exact = [
        """
        def _tonumber: tonumber; def tonumber: if type == "string" and length > 15 and test("^-?[0-9]{16,}$") \
        and (_tonumber | . >= 9007199254740992 or . <= -9007199254740992) then . else _tonumber end;
        """,
        #"""
        def _is_rounded: capture("\\A[^0-9]*(?<digits>[0-9]{16,})[^0-9.eE]*\\z") | .digits | \#
        (_tonumber > 9007199254740992) or (_tonumber == 9007199254740992 and . != "9007199254740992");
        """#,
        #"""
        def _holds_rounded: (split("\\\\") | add) | (split("\\\"") | add) | split("\"") | \#
        [.[range(0; length; 2)] | split(",")[] | select(length > 15) | select(_is_rounded)] | length > 0;
        """#,
        #"""
        def _fromjson: fromjson; def fromjson: if type == "string" and length > 15 and test("[0-9]{16}") then . as $text | _fromjson | \#
        if ([.. | numbers | select(. >= 9007199254740992 or . <= -9007199254740992)] | length > 0) and ($text | _holds_rounded) \#
        then error("fromjson: the text holds an integer that this jq would round") else . end else _fromjson end;
        """#,
    ]
}
