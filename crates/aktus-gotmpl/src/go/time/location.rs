//! Which offset from UTC, under which name, is in effect where and when?

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Seconds of 400 years, after which the calendar repeats itself.
const CYCLE: i64 = 146_097 * 86_400;

/// Where a time is looked at (`time.Location`).
#[derive(Debug, Clone)]
pub enum Location {
    /// `UTC`.
    Utc,
    /// The zone of the machine, which prints as `Local`.
    Local(TimeZone),
    /// A zone of the tz database.
    Named(Arc<str>, TimeZone),
    /// One offset all the time (`time.FixedZone`).
    Fixed {
        /// Its abbreviation, which may be empty.
        name: Arc<str>,
        /// Seconds east of Greenwich.
        offset: i32,
    },
}

/// A zone name that leads nowhere. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// A name that could reach out of the database.
    #[error("time: invalid location name")]
    Invalid,
    /// No zone of this name.
    #[error("unknown time zone {0}")]
    Unknown(String),
}

/// What holds at one moment.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) offset: i32,
    pub(super) daylight_saving: bool,
}

impl Location {
    /// The zone of this name; `""` and `UTC` are UTC, `Local` is `local`
    /// (`time.LoadLocation`).
    pub fn load(name: &[u8], local: &TimeZone) -> Result<Self, LocationError> {
        match name {
            b"" | b"UTC" => return Ok(Self::Utc),
            b"Local" => return Ok(Self::Local(local.clone())),
            _ => {}
        }
        if matches!(name, [b'/' | b'\\', ..]) || name.windows(2).any(|pair| pair == b"..") {
            return Err(LocationError::Invalid);
        }
        // The database finds names in any case, Go only as they are written.
        str::from_utf8(name)
            .ok()
            .and_then(|name| TimeZoneDatabase::bundled().get(name).ok().map(|zone| (name, zone)))
            .filter(|(name, zone)| zone.iana_name() == Some(name))
            .map(|(name, zone)| Self::Named(name.into(), zone))
            .ok_or_else(|| LocationError::Unknown(String::from_utf8_lossy(name).into_owned()))
    }

    /// The name of the location, not that of a zone (`String`).
    pub fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::Local(zone) if is_utc(zone) => "UTC",
            Self::Local(_) => "Local",
            Self::Named(name, _) | Self::Fixed { name, .. } => name,
        }
    }

    /// What is in effect so many seconds after 1970.
    pub(super) fn zone(&self, unix: i64) -> Zone {
        match self {
            Self::Utc => Zone { name: "UTC".to_owned(), offset: 0, daylight_saving: false },
            Self::Fixed { name, offset } => {
                Zone { name: name.as_ref().to_owned(), offset: *offset, daylight_saving: false }
            }
            Self::Local(zone) if is_utc(zone) => Self::Utc.zone(unix),
            Self::Local(zone) | Self::Named(_, zone) => {
                let info = zone.to_offset_info(timestamp(unix));
                Zone {
                    name: info.abbreviation().to_owned(),
                    offset: info.offset().seconds(),
                    daylight_saving: info.dst().is_dst(),
                }
            }
        }
    }

    /// The offset of the zone with this abbreviation, preferably if it is in effect
    /// at that time on the clock of the place.
    pub(super) fn offset_of(&self, name: &str, local: i64) -> Option<i32> {
        let zones = self.zones();
        let in_effect = zones.iter().filter(|zone| zone.0 == name).find_map(|zone| {
            let zone = self.zone(local.wrapping_sub(i64::from(zone.1)));
            (zone.name == name).then_some(zone.offset)
        });
        in_effect.or_else(|| zones.iter().find(|zone| zone.0 == name).map(|zone| zone.1))
    }

    /// All zones of the location with their offsets.
    fn zones(&self) -> Vec<(String, i32)> {
        let mut zones = Vec::new();
        let mut add = |zone: Zone| {
            let zone = (zone.name, zone.offset);
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        };
        add(self.zone(i64::MIN));
        if let Self::Local(zone) | Self::Named(_, zone) = self {
            // Rules that hold for ever show all their zones within two years.
            let end = Timestamp::from_second(2_208_988_800).unwrap_or(Timestamp::MAX);
            for transition in zone.following(Timestamp::MIN).take_while(|transition| transition.timestamp() < end) {
                add(self.zone(transition.timestamp().as_second()));
            }
        }
        zones
    }
}

fn is_utc(zone: &TimeZone) -> bool {
    zone.is_unknown() || *zone == TimeZone::UTC || matches!(zone.iana_name(), Some("UTC" | "Etc/UTC"))
}

/// The nearest moment that the database knows, in the same phase of the calendar.
fn timestamp(unix: i64) -> Timestamp {
    let end = Timestamp::MAX.as_second();
    let unix = if unix > end { end - CYCLE + (unix - end) % CYCLE } else { unix };
    Timestamp::from_second(unix).unwrap_or(Timestamp::MIN)
}
