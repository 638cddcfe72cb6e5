from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.platform import Platform
from ..models.processing_type import ProcessingType
from ..models.request_priority import RequestPriority
from ..models.request_status import RequestStatus
from ..models.request_type import RequestType
from ..models.response_type import ResponseType
from ..types import UNSET, Unset

T = TypeVar("T", bound="RequestUpdate")


@_attrs_define
class RequestUpdate:
    """What of an unanswered request is to change."""

    processing_type: ProcessingType | Unset = UNSET
    """ A time-sensitive request needs a timeout; a deferred one waits for 30 days. """
    type_: RequestType | Unset = UNSET
    """ What a request shows. `file`, `video` and `audio` are the younger ones. """
    priority: RequestPriority | Unset = UNSET
    """ How urgent a request is. """
    request_text: str | Unset = UNSET
    """ The question, in Markdown. """
    response_type: ResponseType | Unset = UNSET
    """ What kind of answer is wanted. `editable_text` is the youngest. """
    response_config: Any | Unset = UNSET
    """ How the answer is asked for, as an object; the schemas `ResponseConfig…` show one for each `response_type`.
    """
    default_response: Any | Unset = UNSET
    """ The answer that counts if nobody gives one, any JSON value, bare or wrapped as in `response_data`. """
    platform: Platform | Unset = UNSET
    """ Where a request comes from. Programs say `api`. """
    platform_version: str | Unset = UNSET
    """ Its version. """
    context: Any | Unset = UNSET
    """ More about the question, as an object. """
    timeout_seconds: int | Unset = UNSET
    """ How many seconds an answer is waited for. """
    callback_url: str | Unset = UNSET
    """ Where the end is reported. Use HTTPS. """
    image_url: str | Unset = UNSET
    """ The image to show. Needed for the type image. """
    image_urls: list[str] | Unset = UNSET
    """ Several of them, where one is not enough. """
    file_url: str | Unset = UNSET
    """ The file to show. Needed for the type file. """
    file_type: str | Unset = UNSET
    """ Its media type. """
    file_name: str | Unset = UNSET
    """ Its name. """
    file_urls: list[str] | Unset = UNSET
    """ Several of them, where one is not enough. """
    file_types: list[str] | Unset = UNSET
    """ Several of them, where one is not enough. """
    file_names: list[str] | Unset = UNSET
    """ Several of them, where one is not enough. """
    video_url: str | Unset = UNSET
    """ The video to show. Needed for the type video. """
    video_urls: list[str] | Unset = UNSET
    """ Several of them, where one is not enough. """
    audio_url: str | Unset = UNSET
    """ The sound to play. Needed for the type audio. """
    audio_urls: list[str] | Unset = UNSET
    """ Several of them, where one is not enough. """
    tags: list[str] | Unset = UNSET
    """ Words to find the request by. """
    status: RequestStatus | Unset = UNSET
    """ Where a request stands. `completed`, `timeout` and `cancelled` are final. `claimed` is no longer promised by
    the documentation, but may appear. """

    def to_dict(self) -> dict[str, Any]:
        processing_type: str | Unset = UNSET
        if not isinstance(self.processing_type, Unset):
            processing_type = self.processing_type.value

        type_: str | Unset = UNSET
        if not isinstance(self.type_, Unset):
            type_ = self.type_.value

        priority: str | Unset = UNSET
        if not isinstance(self.priority, Unset):
            priority = self.priority.value

        request_text = self.request_text

        response_type: str | Unset = UNSET
        if not isinstance(self.response_type, Unset):
            response_type = self.response_type.value

        response_config = self.response_config

        default_response = self.default_response

        platform: str | Unset = UNSET
        if not isinstance(self.platform, Unset):
            platform = self.platform.value

        platform_version = self.platform_version

        context = self.context

        timeout_seconds = self.timeout_seconds

        callback_url = self.callback_url

        image_url = self.image_url

        image_urls: list[str] | Unset = UNSET
        if not isinstance(self.image_urls, Unset):
            image_urls = self.image_urls

        file_url = self.file_url

        file_type = self.file_type

        file_name = self.file_name

        file_urls: list[str] | Unset = UNSET
        if not isinstance(self.file_urls, Unset):
            file_urls = self.file_urls

        file_types: list[str] | Unset = UNSET
        if not isinstance(self.file_types, Unset):
            file_types = self.file_types

        file_names: list[str] | Unset = UNSET
        if not isinstance(self.file_names, Unset):
            file_names = self.file_names

        video_url = self.video_url

        video_urls: list[str] | Unset = UNSET
        if not isinstance(self.video_urls, Unset):
            video_urls = self.video_urls

        audio_url = self.audio_url

        audio_urls: list[str] | Unset = UNSET
        if not isinstance(self.audio_urls, Unset):
            audio_urls = self.audio_urls

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if processing_type is not UNSET:
            field_dict["processing_type"] = processing_type
        if type_ is not UNSET:
            field_dict["type"] = type_
        if priority is not UNSET:
            field_dict["priority"] = priority
        if request_text is not UNSET:
            field_dict["request_text"] = request_text
        if response_type is not UNSET:
            field_dict["response_type"] = response_type
        if response_config is not UNSET:
            field_dict["response_config"] = response_config
        if default_response is not UNSET:
            field_dict["default_response"] = default_response
        if platform is not UNSET:
            field_dict["platform"] = platform
        if platform_version is not UNSET:
            field_dict["platform_version"] = platform_version
        if context is not UNSET:
            field_dict["context"] = context
        if timeout_seconds is not UNSET:
            field_dict["timeout_seconds"] = timeout_seconds
        if callback_url is not UNSET:
            field_dict["callback_url"] = callback_url
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
        if tags is not UNSET:
            field_dict["tags"] = tags
        if status is not UNSET:
            field_dict["status"] = status

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _processing_type = d.pop("processing_type", UNSET)
        processing_type: ProcessingType | Unset
        if isinstance(_processing_type, Unset):
            processing_type = UNSET
        else:
            processing_type = ProcessingType(_processing_type)

        _type_ = d.pop("type", UNSET)
        type_: RequestType | Unset
        if isinstance(_type_, Unset):
            type_ = UNSET
        else:
            type_ = RequestType(_type_)

        _priority = d.pop("priority", UNSET)
        priority: RequestPriority | Unset
        if isinstance(_priority, Unset):
            priority = UNSET
        else:
            priority = RequestPriority(_priority)

        request_text = d.pop("request_text", UNSET)

        _response_type = d.pop("response_type", UNSET)
        response_type: ResponseType | Unset
        if isinstance(_response_type, Unset):
            response_type = UNSET
        else:
            response_type = ResponseType(_response_type)

        response_config = d.pop("response_config", UNSET)

        default_response = d.pop("default_response", UNSET)

        _platform = d.pop("platform", UNSET)
        platform: Platform | Unset
        if isinstance(_platform, Unset):
            platform = UNSET
        else:
            platform = Platform(_platform)

        platform_version = d.pop("platform_version", UNSET)

        context = d.pop("context", UNSET)

        timeout_seconds = d.pop("timeout_seconds", UNSET)

        callback_url = d.pop("callback_url", UNSET)

        image_url = d.pop("image_url", UNSET)

        image_urls = cast(list[str], d.pop("image_urls", UNSET))

        file_url = d.pop("file_url", UNSET)

        file_type = d.pop("file_type", UNSET)

        file_name = d.pop("file_name", UNSET)

        file_urls = cast(list[str], d.pop("file_urls", UNSET))

        file_types = cast(list[str], d.pop("file_types", UNSET))

        file_names = cast(list[str], d.pop("file_names", UNSET))

        video_url = d.pop("video_url", UNSET)

        video_urls = cast(list[str], d.pop("video_urls", UNSET))

        audio_url = d.pop("audio_url", UNSET)

        audio_urls = cast(list[str], d.pop("audio_urls", UNSET))

        tags = cast(list[str], d.pop("tags", UNSET))

        _status = d.pop("status", UNSET)
        status: RequestStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = RequestStatus(_status)

        request_update = cls(
            processing_type=processing_type,
            type_=type_,
            priority=priority,
            request_text=request_text,
            response_type=response_type,
            response_config=response_config,
            default_response=default_response,
            platform=platform,
            platform_version=platform_version,
            context=context,
            timeout_seconds=timeout_seconds,
            callback_url=callback_url,
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
            tags=tags,
            status=status,
        )

        return request_update
