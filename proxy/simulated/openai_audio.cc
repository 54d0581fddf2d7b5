// POST /v1/audio/transcriptions, /translations and /speech.
#include <algorithm>

#include "proxy/simulated/form.h"
#include "proxy/simulated/formats.h"
#include "proxy/simulated/openai_usage.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

// Speech at 16 kB a second, a usual rate for compressed sound: what a
// recording's bytes say about its length without decoding it.
std::int64_t seconds_of(std::string_view recording) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(recording.size() / 16'000));
}

std::string audio_usage(const Call& call, const Speech& speech, std::int64_t seconds) {
  if (call.model.find("whisper") != std::string_view::npos) {
    return concat(R"({"type":"duration","seconds":)", seconds, "}");
  }
  // Ten audio tokens a second (unpublished; what gpt-4o-transcribe reports).
  const std::int64_t audio = seconds * 10;
  const std::int64_t text = tokens_of(encoding_for(call.model), parameter(call, "prompt"));
  return concat(R"({"type":"tokens","input_tokens":)", audio + text,
                R"(,"input_token_details":{"text_tokens":)", text, R"(,"audio_tokens":)", audio,
                R"(},"output_tokens":)", speech.output_tokens(), R"(,"total_tokens":)",
                audio + text + speech.output_tokens(), "}");
}

Answer streamed_transcript(const Call& call, const Speech& speech, std::int64_t seconds) {
  auto events = std::make_unique<EventList>(Framing::sse_named);
  events->tell({.type = "transcript.text.delta",
                .before = R"({"type":"transcript.text.delta","delta":")",
                .after = R"("})"},
               speech.text);
  const std::string usage =
      call.steering.usage_missing ? "" : concat(R"(,"usage":)", audio_usage(call, speech, seconds));
  events->add_whole("transcript.text.done", R"({"type":"transcript.text.done","text":")",
                    speech.text, concat("\"", usage, "}"));
  return streamed_answer(call, std::move(events));
}

}  // namespace

Answer openai_audio_text(const Call& call) {
  const std::string_view recording = form_field(call.request, "file");
  if (!is_form(call.request) || recording.empty()) {
    return bad_request(call, "Missing required parameter: 'file'.", "file");
  }
  if (auto problem = model_problem(call)) return std::move(*problem);
  const Speech speech = say(call, {});
  const std::int64_t seconds = seconds_of(recording);
  if (flag(call, "stream") && call.verb == "transcriptions") {
    return streamed_transcript(call, speech, seconds);
  }
  std::string text;
  speech.text.append_all(text);
  const std::string_view format = parameter(call, "response_format");
  if (format == "text") return whole_answer(call, text + "\n", "text/plain; charset=utf-8");
  if (format == "srt") {
    return whole_answer(call, concat("1\n00:00:00,000 --> 00:00:01,000\n", text, "\n\n"),
                        "text/plain");
  }
  if (format == "vtt") {
    return whole_answer(call, concat("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n", text, "\n\n"),
                        "text/plain");
  }
  std::string body = "{";
  if (format == "verbose_json") {
    append(
        body, R"("task":")", call.verb == "translations" ? "translate" : "transcribe",
        R"(","language":"english","duration":)", seconds,
        R"(,"segments":[{"id":0,"seek":0,"start":0,"end":)", seconds, R"(,"text":")", text,
        R"(","tokens":[],"temperature":0,"avg_logprob":-0.2,"compression_ratio":1.1,"no_speech_prob":0.01}],)");
  }
  append(body, R"("text":")", text, "\"");
  if (!call.steering.usage_missing)
    append(body, R"(,"usage":)", audio_usage(call, speech, seconds));
  return whole_answer(call, body + "}");
}

namespace {

void put_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

// A tenth of a second of silence: 16-bit mono at 24 kHz.
constexpr std::uint32_t sample_rate = 24'000;
constexpr std::uint32_t silence_bytes = sample_rate / 10 * 2;

std::string wav() {
  std::string out = "RIFF";
  put_le(out, 36 + silence_bytes, 4);
  out += "WAVEfmt ";
  put_le(out, 16, 4);
  put_le(out, 1, 2);  // PCM
  put_le(out, 1, 2);  // one channel
  put_le(out, sample_rate, 4);
  put_le(out, sample_rate * 2, 4);
  put_le(out, 2, 2);
  put_le(out, 16, 2);
  out += "data";
  put_le(out, silence_bytes, 4);
  out.append(silence_bytes, '\0');
  return out;
}

// Four silent frames of MPEG-2 layer III: 64 kbit/s, 24 kHz, mono; a frame of
// zeros after its header decodes to silence.
std::string mp3() {
  constexpr std::size_t frame_bytes = 72 * 64'000 / sample_rate;
  std::string out;
  for (int i = 0; i < 4; ++i) {
    out += "\xff\xf3\x84\xc4";
    out.append(frame_bytes - 4, '\0');
  }
  return out;
}

}  // namespace

Answer openai_speech(const Call& call) {
  if (auto problem = model_problem(call)) return std::move(*problem);
  if (string_at(call.body, "input").empty()) {
    return bad_request(call, "Missing required parameter: 'input'.", "input");
  }
  const std::string_view format = string_at(call.body, "response_format");
  const bool events_asked = string_at(call.body, "stream_format") == "sse";
  const std::string sound = format == "wav"   ? wav()
                            : format == "pcm" ? std::string(silence_bytes, '\0')
                                              : mp3();
  if (!events_asked) {
    return whole_answer(call, sound,
                        format == "wav"   ? "audio/wav"
                        : format == "pcm" ? "audio/pcm"
                                          : "audio/mpeg");
  }
  auto events = std::make_unique<EventList>(Framing::sse);
  std::string delta = R"({"type":"speech.audio.delta","audio":")";
  append_base64(delta, sound);
  events->add("", delta + R"("})");
  const std::int64_t input = tokens_of(encoding_for(call.model), string_at(call.body, "input"));
  const std::int64_t output = say(call, {}).output_tokens();
  std::string done = R"({"type":"speech.audio.done")";
  if (!call.steering.usage_missing) {
    append(done, R"(,"usage":{"input_tokens":)", input, R"(,"output_tokens":)", output,
           R"(,"total_tokens":)", input + output, "}");
  }
  events->add("", done + "}");
  return streamed_answer(call, std::move(events));
}

}  // namespace budget::simulated
