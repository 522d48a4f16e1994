package io.seastate.spark;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * EPOCH-OFFSET-TIME.snapshot, and which of them are kept: the embedded runtime's kept.ts, to which
 * kept-vectors.json holds both.
 */
final class SnapshotNames {
  /** The newest ones: when the last one cannot be read, the one before it is. */
  private static final int NEWEST_KEPT = 2;
  private static final long HOUR_MS = 3_600_000;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  /** Early versions wrote no time. */
  private static final Pattern NAME = Pattern.compile("\\d+-\\d+(?:-(\\d{8}T\\d{6}Z))?\\.snapshot");

  private SnapshotNames() {}

  /** `time`: log time, ms; 0 before any record. */
  static String name(Position position, long time) {
    String moment = time > 0 ? "-" + TIME.format(Instant.ofEpochMilli(time)) : "";
    return String.format("%06d-%016d%s.snapshot", position.epoch(), position.next(), moment);
  }

  static boolean isSnapshot(String name) {
    return NAME.matcher(name).matches();
  }

  /** Of a partition's names, the oldest first, those that are not to be kept. */
  static List<String> expired(List<String> names, Config.Kept kept) {
    if (names.isEmpty()) return List.of();
    long newest = Math.max(0, time(names.get(names.size() - 1)));
    Set<Long> hours = new HashSet<>();
    Set<Long> days = new HashSet<>();
    List<String> expired = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      long time = time(names.get(i));
      boolean hourly = time >= 0 && isFirst(hours, time, newest, HOUR_MS, kept.hourly);
      boolean daily = time >= 0 && isFirst(days, time, newest, 24 * HOUR_MS, kept.daily);
      if (i < names.size() - NEWEST_KEPT && !hourly && !daily) expired.add(names.get(i));
    }
    return expired;
  }

  /** Whether it is the first of its period, at most `count` periods before the newest one's. */
  private static boolean isFirst(Set<Long> seen, long time, long newest, long periodMs, int count) {
    long period = time / periodMs;
    return seen.add(period) && count > 0 && period >= newest / periodMs - count;
  }

  /** Log time, ms; -1 where the name has none. */
  private static long time(String name) {
    Matcher match = NAME.matcher(name);
    if (!match.matches() || match.group(1) == null) return -1;
    return Instant.from(TIME.parse(match.group(1))).toEpochMilli();
  }
}
