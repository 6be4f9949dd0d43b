package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.http.Exchange;
import io.hadal.server.routing.body.BodyEdit;
import io.hadal.server.routing.body.JsonMembers;
import io.hadal.server.routing.body.MultipartForm;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.client.OutgoingRequest;
import io.hadal.server.routing.client.UpstreamAnswer;
import io.hadal.server.routing.client.UpstreamCall;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.ClientGoneException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Jobs that make videos (api.md 8.4). They stay with the upstream that took them; what they cost is
 * recorded when they are done, which is looked after here when no client asks.
 */
public final class Videos implements AutoCloseable {
  private static final int MOST_JOBS = 10_000;
  private static final int MOST_ANSWER = 1 << 20;
  private static final long LOOK_MILLIS = 15_000;
  private static final long MOST_AGE_MILLIS = 86_400_000;
  private static final int MOST_SECONDS = 3600;

  private final Router router;
  private final Map<String, VideoJob> jobs = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("hadal-video-jobs").daemon().factory());

  Videos(Router router) {
    this.router = router;
    var _ = timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  /** What a client sends to begin a job. */
  private record Form(RequestView view, String type, @Nullable MultipartForm form, String seconds) {
    byte[] body(String model) {
      return form == null
          ? new BodyEdit(view.body(), view.members())
              .text("model", model)
              .remove("provider")
              .apply()
          : form.with("model", model);
    }
  }

  /** {@code POST /v1/videos}. */
  public void create(Call call) throws IOException {
    Form form = form(call);
    RoutedRequest request = router.request(call, form.view);
    Failure last = null;
    int attempt = 0;
    for (Candidate candidate : router.videoCandidates(request)) {
      KeyPool.Lease key = candidate.backend().keys().take(router.now());
      if (attempt == Attempts.MOST || key == null || !candidate.lane().tryCall()) {
        continue;
      }
      last = create(call, request, form, candidate, key, ++attempt);
      if (last == null) {
        return;
      }
      // A job may have begun where the answer did not come: no second one then.
      boolean begun = last.kind() == Failure.Kind.TIMEOUT || last.kind() == Failure.Kind.BROKEN;
      if (begun || !last.retryable()) {
        break;
      }
    }
    if (last == null) {
      throw Problem.overloaded(1);
    }
    Attempts.refuse(request, last);
  }

  private Form form(Call call) throws IOException {
    byte[] body = call.body(router.bodyLimit());
    String type = call.exchange().header("content-type");
    if (type != null && type.startsWith("multipart/")) {
      MultipartForm form = MultipartForm.of(body, type);
      String model = form == null ? null : form.text("model");
      if (form == null || model == null) {
        throw Problem.missing("model");
      }
      String json = "{\"model\":" + StringNode.valueOf(model) + "}";
      RequestView view = RequestView.of(json.getBytes(StandardCharsets.UTF_8), Operation.VIDEOS);
      if (view == null) {
        throw Problem.missing("model");
      }
      String seconds = form.text("seconds");
      return new Form(view, type, form, seconds == null ? "" : seconds);
    }
    RequestView view = RequestView.of(body, Operation.VIDEOS);
    if (view == null) {
      throw Problem.missing("model");
    }
    JsonNode seconds = view.members().tree("seconds");
    return new Form(view, "application/json", null, seconds == null ? "" : seconds.asString(""));
  }

  private @Nullable Failure create(
      Call call,
      RoutedRequest request,
      Form form,
      Candidate candidate,
      KeyPool.Lease key,
      int attempt)
      throws IOException {
    Metered metered;
    try {
      metered = router.gate().admit(request.work(attempt, candidate));
    } catch (RuntimeException e) {
      candidate.lane().release();
      throw e;
    }
    long started = System.nanoTime();
    Failure failure;
    OutgoingRequest http = request(candidate.backend(), key, "POST", "");
    http.header("content-type", form.type);
    http.body(form.body(candidate.model().upstreamName()));
    try (UpstreamCall asked = asked(candidate.backend(), http)) {
      UpstreamAnswer response = asked.send();
      byte[] answer = response.body().readNBytes(MOST_ANSWER);
      JsonNode job = response.status() < 300 ? json(answer) : null;
      String id = job == null ? "" : job.path("id").asString("");
      if (job != null && VideoIds.usable(id)) {
        String own = VideoIds.id(candidate.backend(), request.identity().project(), id);
        long seconds = seconds(job.path("seconds").asString(form.seconds));
        keep(
            new VideoJob(
                own, request.identity().project(), candidate, id, metered, seconds, router.now()),
            job);
        candidate.lane().succeeded(System.nanoTime() - started);
        headers(call.exchange(), candidate.name());
        call.answeredBy(candidate.version());
        call.exchange().send(response.status(), "application/json", withId(answer, own));
        return null;
      }
      failure =
          response.status() < 300
              ? Failure.of(Failure.Kind.BROKEN)
              : new Failure(
                  Failure.Kind.STATUS,
                  response.status(),
                  answer,
                  "application/json",
                  Map.of(),
                  0,
                  false);
    } catch (IOException e) {
      failure = Failure.of(Failure.Kind.UNREACHABLE);
    }
    metered.end(
        new Ending(
            Quantities.NONE, Outcome.UPSTREAM_ERROR, failure.status(), false, 0, 0, 0, null, null));
    if (failure.ofUpstream()) {
      candidate.lane().failed(System.nanoTime() - started);
    } else {
      candidate.lane().release();
    }
    return failure;
  }

  private void keep(VideoJob job, JsonNode seen) {
    job.saw(seen, router.now());
    if (jobs.size() >= MOST_JOBS) {
      jobs.values().removeIf(VideoJob::over);
    }
    if (jobs.size() >= MOST_JOBS) {
      // Nobody would look after it.
      job.end(Outcome.COMPLETED, true);
      return;
    }
    jobs.put(job.id, job);
  }

  private static long seconds(String text) {
    return text.matches("[0-9]{1,6}") ? Math.min(MOST_SECONDS, Long.parseLong(text)) : 0;
  }

  private static @Nullable JsonNode json(byte[] body) {
    try {
      JsonNode json = Json.parse(body, "answer");
      return json.isObject() ? json : null;
    } catch (FormatException e) {
      return null;
    }
  }

  private static byte[] withId(byte[] body, String id) {
    JsonMembers members = JsonMembers.of(body);
    return members == null ? body : new BodyEdit(body, members).text("id", id).apply();
  }

  private static void headers(Exchange exchange, String upstream) {
    exchange.setHeader("x-hadal-upstream", upstream);
  }

  private static OutgoingRequest request(
      Backend backend, KeyPool.Lease key, String method, String behind) {
    OutgoingRequest http =
        new OutgoingRequest(
            method, UpstreamRequest.uri(backend.config(), Operation.VIDEOS, false, behind));
    UpstreamRequest.common(http, null, backend.config(), key.secret(), false);
    return http;
  }

  private static UpstreamCall asked(Backend backend, OutgoingRequest request) {
    return backend.http().call(request, backend.config().timeouts().firstToken());
  }

  /** {@code GET /v1/videos}: jobs that this gateway has begun for the project. */
  public void list(Call call) {
    String project = router.identity(call).project();
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    List<VideoJob> own =
        jobs.values().stream()
            .filter(job -> job.project.equals(project))
            .sorted(Comparator.comparingLong(job -> -job.created))
            .limit(100)
            .toList();
    own.forEach(job -> data.add(job.seen()));
    json.put("has_more", false);
    byte[] body = json.toString().getBytes(StandardCharsets.UTF_8);
    call.exchange().send(200, "application/json", body);
  }

  /** {@code GET} and {@code DELETE} below {@code /v1/videos/}. */
  public void below(Call call, String rest) throws IOException {
    String id = rest.replaceFirst("/content$", "");
    boolean content = !id.equals(rest);
    VideoIds.Place place = VideoIds.find(router.backends(), router.identity(call).project(), id);
    if (place == null) {
      throw Problem.notFound("The video " + id.replaceAll("[^A-Za-z0-9_-]", "?"));
    }
    Backend backend = place.backend();
    KeyPool.Lease key = backend.keys().take(router.now());
    if (key == null) {
      throw Problem.overloaded(1);
    }
    boolean delete = call.exchange().method().equals("DELETE");
    String variant = call.exchange().query("variant");
    String behind =
        "/"
            + place.upstreamId()
            + (content ? "/content" : "")
            + (content && variant != null && variant.matches("[a-z_]{1,32}")
                ? "?variant=" + variant
                : "");
    OutgoingRequest http = request(backend, key, delete ? "DELETE" : "GET", behind);
    try (UpstreamCall asked = asked(backend, http)) {
      UpstreamAnswer response;
      try {
        response = asked.send();
      } catch (IOException e) {
        throw Problem.upstream();
      }
      headers(call.exchange(), backend.name());
      String given = response.header("content-type");
      String type = given == null ? "application/json" : given;
      if (content && response.status() < 300) {
        copy(call, response.body(), type);
        return;
      }
      byte[] answer = response.body().readNBytes(MOST_ANSWER);
      saw(id, answer, response.status(), delete);
      call.exchange().send(response.status(), type, withId(answer, id));
    }
  }

  private static void copy(Call call, InputStream in, String type) throws IOException {
    try {
      OutputStream out = call.exchange().stream(200, type);
      in.transferTo(out);
      out.close();
    } catch (IOException | RuntimeException e) {
      // Whoever is left, the rest cannot come.
      throw new ClientGoneException();
    }
  }

  private void saw(String id, byte[] answer, int status, boolean delete) {
    VideoJob job = jobs.get(id);
    if (job == null || status >= 300) {
      return;
    }
    if (delete) {
      job.end(Outcome.CLIENT_LEFT, true);
      jobs.remove(id);
      return;
    }
    JsonNode json = json(answer);
    if (json != null) {
      job.saw(json, router.now());
    }
  }

  private void look() {
    long now = router.now();
    jobs.values().removeIf(job -> old(job, now));
    for (VideoJob job : jobs.values()) {
      if (!job.over() && now - job.looked() > LOOK_MILLIS) {
        job.looking(now);
        Thread.ofVirtual().name("hadal-video-job").start(() -> look(job));
      }
    }
  }

  /** True for a job that is too old to be asked for; it is not charged when it never ended. */
  private static boolean old(VideoJob job, long now) {
    boolean old = now - job.created > MOST_AGE_MILLIS;
    if (old) {
      job.end(Outcome.UPSTREAM_ERROR, false);
    }
    return old;
  }

  private void look(VideoJob job) {
    KeyPool.Lease key = job.backend.keys().take(router.now());
    if (key == null) {
      return;
    }
    OutgoingRequest request = request(job.backend, key, "GET", "/" + job.upstreamId);
    try (UpstreamCall asked = asked(job.backend, request)) {
      UpstreamAnswer response = asked.send();
      saw(job.id, response.body().readNBytes(MOST_ANSWER), response.status(), false);
    } catch (IOException e) {
      // It is asked again.
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
