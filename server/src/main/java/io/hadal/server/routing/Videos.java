package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.PeriodicTask;
import io.hadal.platform.media.MediaJob;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.body.BodyEdit;
import io.hadal.server.routing.body.MultipartForm;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.client.OutgoingRequest;
import io.hadal.server.routing.client.UpstreamAnswer;
import io.hadal.server.routing.client.UpstreamCall;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallMeter;
import io.hadal.server.wire.ClientGoneException;
import io.hadal.server.wire.JsonMembers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Jobs that make videos (api.md 8.4). They stay with the upstream that took them; what they cost is
 * recorded when they are done, which is looked after here when no client asks. With a database they
 * outlive the process: whoever finds one whose process is gone books it as a further attempt, whose
 * number is always the same, so that it is booked once.
 */
public final class Videos implements AutoCloseable {
  private static final int MOST_JOBS = 10_000;
  private static final int MOST_ANSWER = 1 << 20;
  private static final long LOOK_MILLIS = 15_000;
  private static final long MOST_AGE_MILLIS = 86_400_000;
  private static final long KEPT_MILLIS = 7 * MOST_AGE_MILLIS;
  private static final BigDecimal MOST_SECONDS = BigDecimal.valueOf(3600);
  private static final int USUAL_SECONDS = 4;

  /** When it is worth to ask for a job again. */
  private static final long POLL_SECONDS = 5;

  private static final int MOST_LISTED = 100;
  private static final int USUALLY_LISTED = 20;
  private static final int MOST_OPEN = 1000;

  /** Looks at jobs in memory between two at those in the database. */
  private static final int LOOKS = 2;

  private static final System.Logger LOG = System.getLogger("hadal.routing");

  private final Router router;
  private final Map<String, VideoJob> jobs = new ConcurrentHashMap<>();
  private final PeriodicTask timer = new PeriodicTask("hadal-video-jobs", this::look);

  private volatile @Nullable JobKeeping keeping;
  private int looks;

  Videos(Router router) {
    this.router = router;
    timer.every(Duration.ofSeconds(1));
  }

  /** Keeps jobs from now on. */
  void keeping(JobKeeping now) {
    keeping = now;
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
    call.model(form.view.model());
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
    // What is not said is what OpenAI's API takes then.
    long said = seconds(form.seconds);
    Work work =
        request
            .work(attempt, candidate)
            .withAhead(new Work.Ahead(0, 0, said == 0 ? USUAL_SECONDS : said));
    Metered metered;
    try {
      metered = router.gate().admit(work);
      CallMeter.tell(call, metered.limits());
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
        long made = seconds(job.path("seconds").asString(""));
        long seconds = made > 0 ? made : work.ahead().seconds();
        // It has begun, also when there is too little for what the upstream makes of it.
        metered.produced(VideoJob.took(seconds));
        keep(
            new VideoJob(
                own,
                request.identity().project(),
                candidate,
                id,
                work,
                metered,
                seconds,
                router.now()),
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
      job.end("completed");
    } else {
      jobs.put(job.id, job);
    }
    JobKeeping kept = keeping;
    if (kept != null) {
      noted(
          () -> {
            kept.jobs().add(job.record(kept.run()));
            settled(kept, job);
          });
    }
  }

  private void settled(JobKeeping kept, VideoJob job) {
    if (job.over()) {
      kept.jobs().settled(job.id, router.now());
    }
  }

  /** The client has its job whether the database answers or not. */
  private static void noted(Runnable note) {
    try {
      note.run();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "a video job could not be noted: {0}", e.getClass().getSimpleName());
    }
  }

  private static long seconds(String text) {
    // Some write 8.0, and a part of a second is made, too.
    return text.matches("[0-9]{1,6}(\\.[0-9]{1,6})?")
        ? new BigDecimal(text).setScale(0, RoundingMode.CEILING).min(MOST_SECONDS).longValueExact()
        : 0;
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

  /** {@code GET /v1/videos}: jobs of the project, by {@code limit}, {@code after} and order. */
  public void list(Call call) {
    String project = router.identity(call).project();
    Exchange exchange = call.exchange();
    String limit = exchange.query("limit");
    if (limit != null && !limit.matches("[1-9][0-9]?|100")) {
      throw Problem.invalid("limit", "must be a number from 1 to " + MOST_LISTED);
    }
    int most = limit == null ? USUALLY_LISTED : Integer.parseInt(limit);
    String order = exchange.query("order");
    if (order != null && !order.equals("asc") && !order.equals("desc")) {
      throw Problem.invalid("order", "must be asc or desc");
    }
    List<JsonNode> found = listed(project, exchange.query("after"), "asc".equals(order), most + 1);
    boolean more = found.size() > most;
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    (more ? found.subList(0, most) : found).forEach(data::add);
    json.put("first_id", data.isEmpty() ? null : data.get(0).path("id").asString(""));
    json.put("last_id", data.isEmpty() ? null : data.get(data.size() - 1).path("id").asString(""));
    json.put("has_more", more);
    byte[] body = json.toString().getBytes(StandardCharsets.UTF_8);
    call.exchange().send(200, "application/json", body);
  }

  private List<JsonNode> listed(
      String project, @Nullable String after, boolean oldestFirst, int limit) {
    JobKeeping kept = keeping;
    if (kept != null) {
      return kept.jobs().list(project, after, oldestFirst, limit).stream()
          .map(Videos::seen)
          .toList();
    }
    Comparator<VideoJob> age =
        Comparator.comparingLong((VideoJob job) -> job.created).thenComparing(job -> job.id);
    Comparator<VideoJob> order = oldestFirst ? age : age.reversed();
    VideoJob last = after == null ? null : jobs.get(after);
    return jobs.values().stream()
        .filter(job -> job.project.equals(project))
        .filter(job -> after == null || (last != null && order.compare(job, last) > 0))
        .sorted(order)
        .limit(limit)
        .<JsonNode>map(VideoJob::seen)
        .toList();
  }

  private static JsonNode seen(MediaJob job) {
    return Json.parse(job.seen().getBytes(StandardCharsets.UTF_8), "media_job.seen");
  }

  /** {@code GET} and {@code DELETE} below {@code /v1/videos/}. */
  public void below(Call call, String rest) throws IOException {
    String id = rest.replaceFirst("/content$", "");
    boolean content = !id.equals(rest);
    VideoIds.Place place = VideoIds.find(router.backends(), router.identity(call).project(), id);
    if (place == null) {
      throw HttpProblem.notFound("The video " + id.replaceAll("[^A-Za-z0-9_-]", "?"));
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
        throw HttpProblem.upstream();
      }
      headers(call.exchange(), backend.name());
      String given = response.header("content-type");
      String type = given == null ? "application/json" : given;
      if (content && response.status() < 300) {
        copy(call, response.body(), type);
        return;
      }
      byte[] answer = response.body().readNBytes(MOST_ANSWER);
      if (saw(id, answer, response.status(), delete)) {
        call.exchange().setHeader("retry-after", Long.toString(POLL_SECONDS));
      }
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

  /** Learns of a job; true when it goes on. */
  private boolean saw(String id, byte[] answer, int status, boolean delete) {
    JsonNode json = delete ? null : json(answer);
    if (status >= 300 || (json == null && !delete)) {
      return false;
    }
    VideoJob job = jobs.get(id);
    if (job != null && json == null) {
      job.end(MediaJob.DELETED);
      jobs.remove(id);
    } else if (job != null && json != null) {
      job.saw(json, router.now());
    }
    JobKeeping kept = keeping;
    if (kept != null) {
      noted(
          () -> {
            if (json == null) {
              kept.jobs().delete(id);
            } else {
              String seen = VideoJob.kept(id, json).toString();
              kept.jobs().saw(id, VideoJob.status(json), seen, router.now());
            }
            if (job != null) {
              settled(kept, job);
            }
          });
    }
    return json != null && VideoJob.ending(VideoJob.status(json), 0, null, "") == null;
  }

  private void look() {
    long now = router.now();
    JobKeeping kept = keeping;
    if (kept != null && ++looks % LOOKS == 0) {
      noted(() -> lookKept(kept, now));
    }
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
      job.end("failed");
    }
    return old;
  }

  /** Jobs that others have heard of, and those whose process is gone. */
  private void lookKept(JobKeeping kept, long now) {
    for (MediaJob job : kept.jobs().open(MOST_OPEN)) {
      VideoJob own = jobs.get(job.id());
      if (own != null) {
        own.end(job.status());
        settled(kept, own);
      } else if (job.owner().equals(kept.run())) {
        // It has ended here.
        kept.jobs().settled(job.id(), now);
      } else if (!kept.lives().test(job.owner())
          && kept.jobs().take(job.id(), VideoJob.over(job) ? now : now - LOOK_MILLIS, now)) {
        Thread.ofVirtual().name("hadal-video-job").start(() -> noted(() -> adopt(kept, job)));
      }
    }
    kept.jobs().prune(now - KEPT_MILLIS);
  }

  /** Books a job whose process is gone, if it is over. */
  private void adopt(JobKeeping kept, MediaJob job) {
    boolean old = router.now() - job.createdAt() > MOST_AGE_MILLIS;
    String status = job.status();
    if (!VideoJob.over(job)) {
      status = old ? "failed" : ask(kept, job);
    }
    Ending ending = VideoJob.ending(status, job.seconds(), job.upstreamCost(), job.upstreamId());
    if (ending != null) {
      router.gate().book(job.work().withAttempt(job.work().attempt() + 1), job.createdAt(), ending);
      kept.jobs().settled(job.id(), router.now());
    }
  }

  /** What the upstream says of a job now; empty when it says nothing. */
  private String ask(JobKeeping kept, MediaJob job) {
    Backend backend = router.backend(job.backend());
    KeyPool.Lease key = backend == null ? null : backend.keys().take(router.now());
    if (backend == null || key == null) {
      return "";
    }
    OutgoingRequest request = request(backend, key, "GET", "/" + job.upstreamId());
    try (UpstreamCall asked = asked(backend, request)) {
      UpstreamAnswer response = asked.send();
      JsonNode json =
          response.status() < 300 ? json(response.body().readNBytes(MOST_ANSWER)) : null;
      if (json == null) {
        return "";
      }
      String status = VideoJob.status(json);
      String seen = VideoJob.kept(job.id(), json).toString();
      kept.jobs().saw(job.id(), status, seen, router.now());
      return status;
    } catch (IOException e) {
      // It is asked again.
      return "";
    }
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
    timer.close();
    JobKeeping kept = keeping;
    if (kept != null) {
      noted(
          () -> {
            jobs.values().forEach(VideoJob::leave);
            kept.jobs().handOver(kept.run());
          });
    }
  }
}
