package io.hadal.platform.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.usage.Work;
import java.util.Map;

class MediaJobsTest {
  @OnBothDatabases
  void jobsOutliveTheirProcess(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      MediaJobs jobs = new MediaJobs(database);
      Work work = SampleUsage.work("p1", "r1", 2, "maker", Map.of("team", "a=b"));
      MediaJob job =
          new MediaJob("video_1", "maker", "v1", work, 8, 800L, "run_1", "queued", "{}", 1000);
      jobs.add(job);
      jobs.add(job);
      MediaJob free =
          new MediaJob("video_2", "maker", "v2", work, 0, null, "run_1", "queued", "{}", 2000);
      jobs.add(free);
      MediaJob kept = jobs.open(10).getFirst();
      assertThat(kept.upstreamCost()).isEqualTo(800);
      assertThat(kept.work().identity().principal()).isEqualTo("usr_1");
      assertThat(kept.work().identity().key()).isEqualTo(work.identity().key());
      assertThat(kept.work().tags()).isEqualTo(work.tags());
      assertThat(kept.work().withAttempt(3).attempt()).isEqualTo(3);
      assertThat(kept.work().requestId()).isEqualTo("r1");
      assertThat(jobs.list("p1", null, false, 10))
          .extracting(MediaJob::id)
          .containsExactly("video_2", "video_1");
      assertThat(jobs.list("p1", null, false, 10).getFirst().upstreamCost()).isNull();
      assertThat(jobs.list("p2", null, false, 10)).isEmpty();

      assertThat(jobs.list("p1", "video_2", false, 10))
          .extracting(MediaJob::id)
          .containsExactly("video_1");
      assertThat(jobs.list("p1", "video_2", true, 10)).isEmpty();
      assertThat(jobs.list("p1", "video_1", true, 1))
          .extracting(MediaJob::id)
          .containsExactly("video_2");
      assertThat(jobs.list("p1", "another", false, 10)).isEmpty();
      assertThat(jobs.list("p2", "video_2", false, 10)).isEmpty();

      assertThat(jobs.take("video_1", 2000, 3000)).isTrue();
      assertThat(jobs.take("video_1", 2000, 3000)).as("another has taken it").isFalse();
      jobs.saw("video_1", "completed", "{\"status\":\"completed\"}", 4000);
      jobs.handOver("run_1");
      assertThat(jobs.open(10)).allMatch(one -> one.owner().isEmpty());
      assertThat(jobs.take("video_1", 1, 4000)).as("it may be looked at at once").isTrue();
      assertThat(jobs.list("p1", null, false, 10).getLast().status()).isEqualTo("completed");

      jobs.delete("video_2");
      jobs.saw("video_2", "queued", "{}", 5000);
      assertThat(jobs.list("p1", null, false, 10))
          .extracting(MediaJob::id)
          .containsExactly("video_1");
      assertThat(jobs.open(10)).extracting(MediaJob::status).contains(MediaJob.DELETED);

      jobs.settled("video_1", 6000);
      assertThat(jobs.open(10)).extracting(MediaJob::id).containsExactly("video_2");
      jobs.prune(10_000);
      assertThat(jobs.list("p1", null, false, 10)).isEmpty();
      assertThat(jobs.open(10)).as("what is not booked stays").hasSize(1);
    }
  }
}
