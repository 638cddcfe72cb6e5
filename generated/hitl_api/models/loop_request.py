from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.platform import Platform
from ..models.processing_type import ProcessingType
from ..models.request_priority import RequestPriority
from ..models.request_status import RequestStatus
from ..models.request_type import RequestType
from ..models.response_type import ResponseType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.broadcast_recipient import BroadcastRecipient
    from ..models.responder import Responder


T = TypeVar("T", bound="LoopRequest")


@_attrs_define
class LoopRequest:
    """A question to the members of a loop, and the answer once there is one. A list may leave fields out."""

    id: str
    """ The id of the request. """
    loop_id: str
    """ The loop that was asked. """
    processing_type: ProcessingType
    """ A time-sensitive request needs a timeout; a deferred one waits for 30 days. """
    type_: RequestType
    """ What a request shows. `file`, `video` and `audio` are the younger ones. """
    priority: RequestPriority
    """ How urgent a request is. """
    request_text: str
    """ The question, in Markdown. """
    response_type: ResponseType
    """ What kind of answer is wanted. `editable_text` is the youngest. """
    status: RequestStatus
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """
    creator_id: str | Unset = UNSET
    """ Who asked. """
    api_key_id: str | Unset = UNSET
    """ The API key that was used. """
    image_url: None | str | Unset = UNSET
    """ The image that is shown. """
    image_urls: list[str] | None | Unset = UNSET
    """ Several of them, where one is not enough. """
    file_url: None | str | Unset = UNSET
    """ The file that is shown. """
    file_type: None | str | Unset = UNSET
    """ Its media type. """
    file_name: None | str | Unset = UNSET
    """ Its name. """
    file_urls: list[str] | None | Unset = UNSET
    """ Several of them, where one is not enough. """
    file_types: list[str] | None | Unset = UNSET
    """ Several of them, where one is not enough. """
    file_names: list[str] | None | Unset = UNSET
    """ Several of them, where one is not enough. """
    video_url: None | str | Unset = UNSET
    """ The video that is shown. """
    video_urls: list[str] | None | Unset = UNSET
    """ Several of them, where one is not enough. """
    audio_url: None | str | Unset = UNSET
    """ The sound that is played. """
    audio_urls: list[str] | None | Unset = UNSET
    """ Several of them, where one is not enough. """
    context: Any | Unset = UNSET
    """ More about the question, as an object or null. """
    platform: None | Platform | Unset = UNSET
    """ Where the request comes from. One of `Platform`, or a word that the server adds later. """
    platform_version: None | str | Unset = UNSET
    """ Its version. """
    tags: list[str] | None | Unset = UNSET
    """ Words to find the request by. """
    response_config: Any | Unset = UNSET
    """ How the answer is asked for, as an object; the schemas `ResponseConfig…` show one for each `response_type`.
    """
    default_response: Any | Unset = UNSET
    """ The answer that counts if nobody gives one, any JSON value, bare or wrapped as in `response_data`. """
    timeout_at: datetime.datetime | None | Unset = UNSET
    """ Until when an answer is waited for. """
    callback_url: None | str | Unset = UNSET
    """ Where the end is reported. """
    asked_by: Any | Unset = UNSET
    """ Who asked, as `{key_id, key_name, person_id, claimed}`: the API key, its owner, and the address in whose
    name the program says that it asks. Missing where keys have no names. """
    self_approved: bool | None | Unset = UNSET
    """ True if the person who asked has given the answer; otherwise null or missing. """
    broadcasted_to: list[BroadcastRecipient] | None | Unset = UNSET
    """ Who was asked. """
    broadcasted_at: datetime.datetime | None | Unset = UNSET
    """ When they were asked. """
    claimed_by: None | str | Unset = UNSET
    """ The id of the person who has claimed the request. """
    claimed_at: datetime.datetime | None | Unset = UNSET
    """ When it was claimed. """
    cancelled_at: datetime.datetime | None | Unset = UNSET
    """ When it was cancelled. """
    response_by: None | str | Unset = UNSET
    """ The id of the person who answered. """
    response_by_user: None | Responder | Unset = UNSET
    """ The person who answered. """
    response_at: datetime.datetime | None | Unset = UNSET
    """ When the answer was given. """
    response_data: Any | Unset = UNSET
    """ The answer, null until there is one. It may be the bare value, such as "approve", or an object around it,
    such as `selected_value` and `selected_label`; the pages disagree. """
    response_time_seconds: float | None | Unset = UNSET
    """ How many seconds the answer took. """
    created_at: datetime.datetime | Unset = UNSET
    """ When the request was created. """
    updated_at: datetime.datetime | Unset = UNSET
    """ When it last changed. """
    erased: bool | Unset = UNSET
    """ True once the server has erased the contents, which it keeps for a limited time: the text is empty, and of
    the answers only that to a yes-or-no question is left. Missing before. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.responder import Responder  # noqa: PLC0415

        id = self.id

        loop_id = self.loop_id

        processing_type = self.processing_type.value

        type_ = self.type_.value

        priority = self.priority.value

        request_text = self.request_text

        response_type = self.response_type.value

        status = self.status.value

        creator_id = self.creator_id

        api_key_id = self.api_key_id

        image_url: None | str | Unset
        if isinstance(self.image_url, Unset):
            image_url = UNSET
        else:
            image_url = self.image_url

        image_urls: list[str] | None | Unset
        if isinstance(self.image_urls, Unset):
            image_urls = UNSET
        elif isinstance(self.image_urls, list):
            image_urls = self.image_urls

        else:
            image_urls = self.image_urls

        file_url: None | str | Unset
        if isinstance(self.file_url, Unset):
            file_url = UNSET
        else:
            file_url = self.file_url

        file_type: None | str | Unset
        if isinstance(self.file_type, Unset):
            file_type = UNSET
        else:
            file_type = self.file_type

        file_name: None | str | Unset
        if isinstance(self.file_name, Unset):
            file_name = UNSET
        else:
            file_name = self.file_name

        file_urls: list[str] | None | Unset
        if isinstance(self.file_urls, Unset):
            file_urls = UNSET
        elif isinstance(self.file_urls, list):
            file_urls = self.file_urls

        else:
            file_urls = self.file_urls

        file_types: list[str] | None | Unset
        if isinstance(self.file_types, Unset):
            file_types = UNSET
        elif isinstance(self.file_types, list):
            file_types = self.file_types

        else:
            file_types = self.file_types

        file_names: list[str] | None | Unset
        if isinstance(self.file_names, Unset):
            file_names = UNSET
        elif isinstance(self.file_names, list):
            file_names = self.file_names

        else:
            file_names = self.file_names

        video_url: None | str | Unset
        if isinstance(self.video_url, Unset):
            video_url = UNSET
        else:
            video_url = self.video_url

        video_urls: list[str] | None | Unset
        if isinstance(self.video_urls, Unset):
            video_urls = UNSET
        elif isinstance(self.video_urls, list):
            video_urls = self.video_urls

        else:
            video_urls = self.video_urls

        audio_url: None | str | Unset
        if isinstance(self.audio_url, Unset):
            audio_url = UNSET
        else:
            audio_url = self.audio_url

        audio_urls: list[str] | None | Unset
        if isinstance(self.audio_urls, Unset):
            audio_urls = UNSET
        elif isinstance(self.audio_urls, list):
            audio_urls = self.audio_urls

        else:
            audio_urls = self.audio_urls

        context = self.context

        platform: None | str | Unset
        if isinstance(self.platform, Unset):
            platform = UNSET
        elif isinstance(self.platform, Platform):
            platform = self.platform.value
        else:
            platform = self.platform

        platform_version: None | str | Unset
        if isinstance(self.platform_version, Unset):
            platform_version = UNSET
        else:
            platform_version = self.platform_version

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags

        else:
            tags = self.tags

        response_config = self.response_config

        default_response = self.default_response

        timeout_at: None | str | Unset
        if isinstance(self.timeout_at, Unset):
            timeout_at = UNSET
        elif isinstance(self.timeout_at, datetime.datetime):
            timeout_at = self.timeout_at.isoformat()
        else:
            timeout_at = self.timeout_at

        callback_url: None | str | Unset
        if isinstance(self.callback_url, Unset):
            callback_url = UNSET
        else:
            callback_url = self.callback_url

        asked_by = self.asked_by

        self_approved: bool | None | Unset
        if isinstance(self.self_approved, Unset):
            self_approved = UNSET
        else:
            self_approved = self.self_approved

        broadcasted_to: list[dict[str, Any]] | None | Unset
        if isinstance(self.broadcasted_to, Unset):
            broadcasted_to = UNSET
        elif isinstance(self.broadcasted_to, list):
            broadcasted_to = []
            for broadcasted_to_type_0_item_data in self.broadcasted_to:
                broadcasted_to_type_0_item = broadcasted_to_type_0_item_data.to_dict()
                broadcasted_to.append(broadcasted_to_type_0_item)

        else:
            broadcasted_to = self.broadcasted_to

        broadcasted_at: None | str | Unset
        if isinstance(self.broadcasted_at, Unset):
            broadcasted_at = UNSET
        elif isinstance(self.broadcasted_at, datetime.datetime):
            broadcasted_at = self.broadcasted_at.isoformat()
        else:
            broadcasted_at = self.broadcasted_at

        claimed_by: None | str | Unset
        if isinstance(self.claimed_by, Unset):
            claimed_by = UNSET
        else:
            claimed_by = self.claimed_by

        claimed_at: None | str | Unset
        if isinstance(self.claimed_at, Unset):
            claimed_at = UNSET
        elif isinstance(self.claimed_at, datetime.datetime):
            claimed_at = self.claimed_at.isoformat()
        else:
            claimed_at = self.claimed_at

        cancelled_at: None | str | Unset
        if isinstance(self.cancelled_at, Unset):
            cancelled_at = UNSET
        elif isinstance(self.cancelled_at, datetime.datetime):
            cancelled_at = self.cancelled_at.isoformat()
        else:
            cancelled_at = self.cancelled_at

        response_by: None | str | Unset
        if isinstance(self.response_by, Unset):
            response_by = UNSET
        else:
            response_by = self.response_by

        response_by_user: dict[str, Any] | None | Unset
        if isinstance(self.response_by_user, Unset):
            response_by_user = UNSET
        elif isinstance(self.response_by_user, Responder):
            response_by_user = self.response_by_user.to_dict()
        else:
            response_by_user = self.response_by_user

        response_at: None | str | Unset
        if isinstance(self.response_at, Unset):
            response_at = UNSET
        elif isinstance(self.response_at, datetime.datetime):
            response_at = self.response_at.isoformat()
        else:
            response_at = self.response_at

        response_data = self.response_data

        response_time_seconds: float | None | Unset
        if isinstance(self.response_time_seconds, Unset):
            response_time_seconds = UNSET
        else:
            response_time_seconds = self.response_time_seconds

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        erased = self.erased

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "loop_id": loop_id,
                "processing_type": processing_type,
                "type": type_,
                "priority": priority,
                "request_text": request_text,
                "response_type": response_type,
                "status": status,
            }
        )
        if creator_id is not UNSET:
            field_dict["creator_id"] = creator_id
        if api_key_id is not UNSET:
            field_dict["api_key_id"] = api_key_id
        if image_url is not UNSET:
            field_dict["image_url"] = image_url
        if image_urls is not UNSET:
            field_dict["image_urls"] = image_urls
        if file_url is not UNSET:
            field_dict["file_url"] = file_url
        if file_type is not UNSET:
            field_dict["file_type"] = file_type
        if file_name is not UNSET:
            field_dict["file_name"] = file_name
        if file_urls is not UNSET:
            field_dict["file_urls"] = file_urls
        if file_types is not UNSET:
            field_dict["file_types"] = file_types
        if file_names is not UNSET:
            field_dict["file_names"] = file_names
        if video_url is not UNSET:
            field_dict["video_url"] = video_url
        if video_urls is not UNSET:
            field_dict["video_urls"] = video_urls
        if audio_url is not UNSET:
            field_dict["audio_url"] = audio_url
        if audio_urls is not UNSET:
            field_dict["audio_urls"] = audio_urls
        if context is not UNSET:
            field_dict["context"] = context
        if platform is not UNSET:
            field_dict["platform"] = platform
        if platform_version is not UNSET:
            field_dict["platform_version"] = platform_version
        if tags is not UNSET:
            field_dict["tags"] = tags
        if response_config is not UNSET:
            field_dict["response_config"] = response_config
        if default_response is not UNSET:
            field_dict["default_response"] = default_response
        if timeout_at is not UNSET:
            field_dict["timeout_at"] = timeout_at
        if callback_url is not UNSET:
            field_dict["callback_url"] = callback_url
        if asked_by is not UNSET:
            field_dict["asked_by"] = asked_by
        if self_approved is not UNSET:
            field_dict["self_approved"] = self_approved
        if broadcasted_to is not UNSET:
            field_dict["broadcasted_to"] = broadcasted_to
        if broadcasted_at is not UNSET:
            field_dict["broadcasted_at"] = broadcasted_at
        if claimed_by is not UNSET:
            field_dict["claimed_by"] = claimed_by
        if claimed_at is not UNSET:
            field_dict["claimed_at"] = claimed_at
        if cancelled_at is not UNSET:
            field_dict["cancelled_at"] = cancelled_at
        if response_by is not UNSET:
            field_dict["response_by"] = response_by
        if response_by_user is not UNSET:
            field_dict["response_by_user"] = response_by_user
        if response_at is not UNSET:
            field_dict["response_at"] = response_at
        if response_data is not UNSET:
            field_dict["response_data"] = response_data
        if response_time_seconds is not UNSET:
            field_dict["response_time_seconds"] = response_time_seconds
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if erased is not UNSET:
            field_dict["erased"] = erased

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.broadcast_recipient import BroadcastRecipient  # noqa: PLC0415
        from ..models.responder import Responder  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        loop_id = d.pop("loop_id")

        processing_type = ProcessingType(d.pop("processing_type"))

        type_ = RequestType(d.pop("type"))

        priority = RequestPriority(d.pop("priority"))

        request_text = d.pop("request_text")

        response_type = ResponseType(d.pop("response_type"))

        status = RequestStatus(d.pop("status"))

        creator_id = d.pop("creator_id", UNSET)

        api_key_id = d.pop("api_key_id", UNSET)

        def _parse_image_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image_url = _parse_image_url(d.pop("image_url", UNSET))

        def _parse_image_urls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                image_urls_type_0 = cast(list[str], data)

                return image_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        image_urls = _parse_image_urls(d.pop("image_urls", UNSET))

        def _parse_file_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file_url = _parse_file_url(d.pop("file_url", UNSET))

        def _parse_file_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file_type = _parse_file_type(d.pop("file_type", UNSET))

        def _parse_file_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file_name = _parse_file_name(d.pop("file_name", UNSET))

        def _parse_file_urls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                file_urls_type_0 = cast(list[str], data)

                return file_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        file_urls = _parse_file_urls(d.pop("file_urls", UNSET))

        def _parse_file_types(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                file_types_type_0 = cast(list[str], data)

                return file_types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        file_types = _parse_file_types(d.pop("file_types", UNSET))

        def _parse_file_names(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                file_names_type_0 = cast(list[str], data)

                return file_names_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        file_names = _parse_file_names(d.pop("file_names", UNSET))

        def _parse_video_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        video_url = _parse_video_url(d.pop("video_url", UNSET))

        def _parse_video_urls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                video_urls_type_0 = cast(list[str], data)

                return video_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        video_urls = _parse_video_urls(d.pop("video_urls", UNSET))

        def _parse_audio_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        audio_url = _parse_audio_url(d.pop("audio_url", UNSET))

        def _parse_audio_urls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                audio_urls_type_0 = cast(list[str], data)

                return audio_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        audio_urls = _parse_audio_urls(d.pop("audio_urls", UNSET))

        context = d.pop("context", UNSET)

        def _parse_platform(data: object) -> None | Platform | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                platform_type_0 = Platform(data)

                return platform_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Platform | Unset, data)

        platform = _parse_platform(d.pop("platform", UNSET))

        def _parse_platform_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        platform_version = _parse_platform_version(d.pop("platform_version", UNSET))

        def _parse_tags(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = cast(list[str], data)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))

        response_config = d.pop("response_config", UNSET)

        default_response = d.pop("default_response", UNSET)

        def _parse_timeout_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                timeout_at_type_0 = read_datetime(data)

                return timeout_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        timeout_at = _parse_timeout_at(d.pop("timeout_at", UNSET))

        def _parse_callback_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        callback_url = _parse_callback_url(d.pop("callback_url", UNSET))

        asked_by = d.pop("asked_by", UNSET)

        def _parse_self_approved(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        self_approved = _parse_self_approved(d.pop("self_approved", UNSET))

        def _parse_broadcasted_to(data: object) -> list[BroadcastRecipient] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                broadcasted_to_type_0 = []
                _broadcasted_to_type_0 = data
                for broadcasted_to_type_0_item_data in _broadcasted_to_type_0:
                    broadcasted_to_type_0_item = BroadcastRecipient.from_dict(broadcasted_to_type_0_item_data)

                    broadcasted_to_type_0.append(broadcasted_to_type_0_item)

                return broadcasted_to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[BroadcastRecipient] | None | Unset, data)

        broadcasted_to = _parse_broadcasted_to(d.pop("broadcasted_to", UNSET))

        def _parse_broadcasted_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                broadcasted_at_type_0 = read_datetime(data)

                return broadcasted_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        broadcasted_at = _parse_broadcasted_at(d.pop("broadcasted_at", UNSET))

        def _parse_claimed_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        claimed_by = _parse_claimed_by(d.pop("claimed_by", UNSET))

        def _parse_claimed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                claimed_at_type_0 = read_datetime(data)

                return claimed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        claimed_at = _parse_claimed_at(d.pop("claimed_at", UNSET))

        def _parse_cancelled_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                cancelled_at_type_0 = read_datetime(data)

                return cancelled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        cancelled_at = _parse_cancelled_at(d.pop("cancelled_at", UNSET))

        def _parse_response_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        response_by = _parse_response_by(d.pop("response_by", UNSET))

        def _parse_response_by_user(data: object) -> None | Responder | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_by_user_type_0 = Responder.from_dict(data)

                return response_by_user_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Responder | Unset, data)

        response_by_user = _parse_response_by_user(d.pop("response_by_user", UNSET))

        def _parse_response_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from ..types import read_datetime

                response_at_type_0 = read_datetime(data)

                return response_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        response_at = _parse_response_at(d.pop("response_at", UNSET))

        response_data = d.pop("response_data", UNSET)

        def _parse_response_time_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        response_time_seconds = _parse_response_time_seconds(d.pop("response_time_seconds", UNSET))

        from ..types import read_datetime

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = read_datetime(_created_at)

        from ..types import read_datetime

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = read_datetime(_updated_at)

        erased = d.pop("erased", UNSET)

        loop_request = cls(
            id=id,
            loop_id=loop_id,
            processing_type=processing_type,
            type_=type_,
            priority=priority,
            request_text=request_text,
            response_type=response_type,
            status=status,
            creator_id=creator_id,
            api_key_id=api_key_id,
            image_url=image_url,
            image_urls=image_urls,
            file_url=file_url,
            file_type=file_type,
            file_name=file_name,
            file_urls=file_urls,
            file_types=file_types,
            file_names=file_names,
            video_url=video_url,
            video_urls=video_urls,
            audio_url=audio_url,
            audio_urls=audio_urls,
            context=context,
            platform=platform,
            platform_version=platform_version,
            tags=tags,
            response_config=response_config,
            default_response=default_response,
            timeout_at=timeout_at,
            callback_url=callback_url,
            asked_by=asked_by,
            self_approved=self_approved,
            broadcasted_to=broadcasted_to,
            broadcasted_at=broadcasted_at,
            claimed_by=claimed_by,
            claimed_at=claimed_at,
            cancelled_at=cancelled_at,
            response_by=response_by,
            response_by_user=response_by_user,
            response_at=response_at,
            response_data=response_data,
            response_time_seconds=response_time_seconds,
            created_at=created_at,
            updated_at=updated_at,
            erased=erased,
        )

        loop_request.additional_properties = d
        return loop_request

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
